import {
  AttributeIds,
  EventFilter,
  LocalizedText,
  NodeId,
  NodeIdType,
  SimpleAttributeOperand,
  type Variant,
} from 'node-opcua';
import { nodeIdText } from '../values/node-id-text.ts';

/** A field of an event: the type that declares it (namespace 0) and its browse path. */
type Field = { readonly type: number; readonly path: readonly string[] };

const BASE_EVENT = 2041;
const CONDITION = 2782;
const ACKNOWLEDGEABLE = 2881;
const ALARM = 2915;
const AUDIT = 2052;

/** What is asked of every event (OPC 10000-5 6.4, OPC 10000-9 5). A server leaves what a type does not have empty. */
const fields = {
  eventId: { type: BASE_EVENT, path: ['EventId'] },
  eventType: { type: BASE_EVENT, path: ['EventType'] },
  sourceNode: { type: BASE_EVENT, path: ['SourceNode'] },
  sourceName: { type: BASE_EVENT, path: ['SourceName'] },
  time: { type: BASE_EVENT, path: ['Time'] },
  message: { type: BASE_EVENT, path: ['Message'] },
  severity: { type: BASE_EVENT, path: ['Severity'] },
  /** The condition instance: the operand without a path, attribute NodeId (OPC 10000-9 5.5.2). */
  conditionId: { type: CONDITION, path: [] },
  conditionName: { type: CONDITION, path: ['ConditionName'] },
  branchId: { type: CONDITION, path: ['BranchId'] },
  retain: { type: CONDITION, path: ['Retain'] },
  enabled: { type: CONDITION, path: ['EnabledState', 'Id'] },
  comment: { type: CONDITION, path: ['Comment'] },
  acked: { type: ACKNOWLEDGEABLE, path: ['AckedState', 'Id'] },
  confirmed: { type: ACKNOWLEDGEABLE, path: ['ConfirmedState', 'Id'] },
  active: { type: ALARM, path: ['ActiveState', 'Id'] },
  auditTime: { type: AUDIT, path: ['ActionTimeStamp'] },
  auditStatus: { type: AUDIT, path: ['Status'] },
  auditClient: { type: AUDIT, path: ['ClientUserId'] },
  auditEntry: { type: AUDIT, path: ['ClientAuditEntryId'] },
} as const satisfies Record<string, Field>;
type FieldName = keyof typeof fields;
const names = Object.keys(fields) as readonly FieldName[];

/** Asks for every field above and filters nothing: a server that knows no filter operator understands it. */
export function eventFilter(): EventFilter {
  return new EventFilter({
    selectClauses: names.map((name) => {
      const { type, path } = fields[name];
      return new SimpleAttributeOperand({
        typeDefinitionId: new NodeId(NodeIdType.NUMERIC, type, 0),
        browsePath: path.map((part) => ({ name: part, namespaceIndex: 0 })),
        attributeId: path.length === 0 ? AttributeIds.NodeId : AttributeIds.Value,
      });
    }),
  });
}

/** One event as a server sent it; null for what its type has not. */
export type ServerEvent = {
  /** Hexadecimal. */
  readonly eventId: string;
  readonly eventType: NodeId | null;
  /** With namespace URI; empty when there is none. */
  readonly sourceNode: string;
  readonly sourceName: string;
  /** Epoch ms. */
  readonly time: number | null;
  readonly message: string;
  /** Language tag of the message as the server gives it; empty when it gives none. */
  readonly locale: string;
  /** 1 to 1000 (OPC 10000-5 6.4.2). */
  readonly severity: number;
  /** The condition it is about; null when it is about none. */
  readonly condition: {
    /** Node id with namespace URI. */
    readonly id: string;
    readonly name: string;
    /** Empty for the current state, else an earlier state that still waits for a person. */
    readonly branch: string;
    readonly retain: boolean;
    readonly enabled: boolean | null;
    readonly active: boolean | null;
    readonly acked: boolean | null;
    readonly confirmed: boolean | null;
    readonly comment: string;
  } | null;
  readonly audit: { readonly succeeded: boolean | null; readonly user: string; readonly entry: string } | null;
};

/** Reads the fields of an event in the order of `eventFilter`; whatever has the wrong type counts as missing. */
export function readEvent(variants: readonly (Variant | null)[], namespaces: readonly string[]): ServerEvent {
  const raw = new Map<FieldName, unknown>(names.map((name, index) => [name, variants[index]?.value]));
  const text = (name: FieldName): string => textOf(raw.get(name));
  const flag = (name: FieldName): boolean | null => {
    const value = raw.get(name);
    return typeof value === 'boolean' ? value : null;
  };
  const node = (name: FieldName): NodeId | null => {
    const value = raw.get(name);
    return value instanceof NodeId && !value.isEmpty() ? value : null;
  };
  const nodeText = (name: FieldName): string => {
    const value = node(name);
    return value === null ? '' : nodeIdText(value, namespaces);
  };
  const id = raw.get('eventId');
  const time = raw.get('time');
  const severity = Number(raw.get('severity'));
  const conditionId = nodeText('conditionId');
  const isAudit = raw.get('auditTime') instanceof Date || flag('auditStatus') !== null;
  return {
    eventId: Buffer.isBuffer(id) ? id.toString('hex') : '',
    eventType: node('eventType'),
    sourceNode: nodeText('sourceNode'),
    sourceName: text('sourceName'),
    time: time instanceof Date ? time.getTime() : null,
    message: text('message'),
    locale: localeOf(raw.get('message')),
    severity: severity >= 1 && severity <= 1000 ? Math.round(severity) : 1,
    condition:
      conditionId === ''
        ? null
        : {
            id: conditionId,
            name: text('conditionName'),
            branch: nodeText('branchId'),
            retain: flag('retain') === true,
            enabled: flag('enabled'),
            active: flag('active'),
            acked: flag('acked'),
            confirmed: flag('confirmed'),
            comment: text('comment'),
          },
    audit: isAudit ? { succeeded: flag('auditStatus'), user: text('auditClient'), entry: text('auditEntry') } : null,
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value instanceof LocalizedText ? (value.text ?? '') : '';
}

const localeOf = (value: unknown): string => (value instanceof LocalizedText ? (value.locale ?? '') : '');
