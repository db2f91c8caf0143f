import type { Carrier, TagRole } from '../../../broker/contract/tag.ts';
import type { ServerConfig } from '../schema.ts';

/** A tag of a proposed plant file. `isLive` false: written as a comment, for a person to decide. */
export type DraftTag = {
  readonly name: string;
  readonly role: TagRole;
  readonly unit?: string | undefined;
  readonly carrier?: Carrier | undefined;
  /** Engineering range in the unit. */
  readonly range?: readonly [number, number] | undefined;
  readonly states?: Readonly<Record<string, string>> | undefined;
  readonly nodeId: string;
  readonly samplingInterval?: string | undefined;
  readonly publishingInterval?: string | undefined;
  readonly queueSize?: number | undefined;
  readonly trigger?: string | undefined;
  readonly isLive: boolean;
  /** Said behind the tag on its line. */
  readonly remark: string;
};

export type DraftEquipment = { readonly path: string; readonly tags: readonly DraftTag[]; readonly remark?: string };

export type DraftServer = Omit<ServerConfig, 'equipment'> & {
  readonly equipment: readonly DraftEquipment[];
  /** Lines of comment above the server. */
  readonly remarks?: readonly string[];
};

export type PlantDraft = {
  readonly enterprise: string;
  readonly site: string;
  readonly timezone: string;
  readonly servers: readonly DraftServer[];
  /** Lines of comment at the top. */
  readonly remarks: readonly string[];
};

/** The draft as the text of a plant.yaml; whatever names and remarks hold, the result is one valid YAML document. */
export function renderPlantDraft(draft: PlantDraft): string {
  const lines = [
    ...draft.remarks.map(comment),
    'plant:',
    `  enterprise: ${scalar(draft.enterprise)}`,
    `  site: ${scalar(draft.site)}`,
    `  timezone: ${scalar(draft.timezone)}`,
    'broker: {}',
    'gateway:',
    '  servers:',
  ];
  for (const server of draft.servers) lines.push(...serverLines(server));
  if (draft.servers.length === 0) lines[lines.length - 1] = '  servers: []';
  return `${lines.join('\n')}\n`;
}

function serverLines({ equipment, remarks = [], name, ...settings }: DraftServer): string[] {
  const lines = [...remarks.map((text) => `    ${comment(text)}`), `    - name: ${scalar(name)}`];
  for (const [key, value] of Object.entries(settings)) {
    if (value !== undefined)
      lines.push(`      ${key}: ${scalar(typeof value === 'object' ? JSON.stringify(value) : value)}`);
  }
  const live = equipment.filter(({ tags }) => tags.some(({ isLive }) => isLive));
  lines.push(live.length === 0 ? '      equipment: []' : '      equipment:');
  for (const entry of live) lines.push(...equipmentLines(entry, '        '));
  for (const entry of equipment.filter((other) => !live.includes(other))) {
    lines.push(...equipmentLines(entry, '        # '));
  }
  return lines;
}

function equipmentLines({ path, tags, remark }: DraftEquipment, indent: string): string[] {
  const isComment = indent.includes('#');
  return [
    `${indent}- path: ${scalar(path)}${remark === undefined ? '' : `  ${comment(remark)}`}`,
    `${indent}  tags:`,
    ...tags.map((tag) => `${indent}    ${tag.isLive || isComment ? '' : '# '}${tagLine(tag)}`),
  ];
}

function tagLine({ isLive: _isLive, remark, states, range, nodeId, ...members }: DraftTag): string {
  const parts = Object.entries(members).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${scalar(value)}`],
  );
  if (range !== undefined) parts.push(`range: [${range[0]}, ${range[1]}]`);
  if (states !== undefined) {
    const pairs = Object.entries(states).map(([value, state]) => `${JSON.stringify(value)}: ${scalar(state)}`);
    parts.push(`states: { ${pairs.join(', ')} }`);
  }
  parts.push(`nodeId: ${scalar(nodeId)}`);
  return `- { ${parts.join(', ')} }${remark === '' ? '' : `  ${comment(remark)}`}`;
}

/** YAML would read these as something else than text. */
const notText = /^(true|false|yes|no|on|off|null|y|n|~)$/i;

function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  return /^[A-Za-z][\w.\-/]*$/.test(value) && !notText.test(value) ? value : quoted(value);
}

/** JSON text is a YAML double-quoted scalar but for a few line breaks that JSON leaves as they are. */
const quoted = (text: string): string =>
  JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** One line, since a line break would end the comment. */
const comment = (text: string): string => `# ${text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\ufeff]+/gu, ' ').trim()}`;
