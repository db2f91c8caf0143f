import { durationMs } from '../../../broker/contract/duration.ts';
import type { GatewaySection, ServerConfig, TagConfig } from '../schema.ts';
import type { ImportNote } from './import-result.ts';

/** An entry of a published-nodes file of OPC Publisher 2.9. */
export type PublishedNodesEntry = Readonly<Record<string, unknown>>;

const triggers = {
  status: 'Status',
  'status-value': 'StatusValue',
  'status-value-timestamp': 'StatusValueTimestamp',
} as const;

/** The gateway's servers as an OPC Publisher 2.9 file: one entry per equipment and publishing interval, no passwords. */
export function toPublishedNodes(gateway: GatewaySection): {
  readonly entries: readonly PublishedNodesEntry[];
  readonly notes: readonly ImportNote[];
} {
  const notes: ImportNote[] = [];
  const entries = gateway.servers.flatMap((server) => {
    if (server.username !== undefined) {
      const message = `the password of user "${server.username}" is not written; set OpcAuthenticationPassword`;
      notes.push({ where: server.name, message, severity: 'high' });
    }
    return server.equipment.flatMap(({ path, tags }) => {
      const byInterval = Map.groupBy(
        tags,
        ({ publishingInterval }) => publishingInterval ?? server.publishingInterval ?? '1s',
      );
      return [...byInterval].map(([interval, group]) => ({
        ...endpointOf(server),
        DataSetWriterGroup: server.name,
        DataSetWriterId: byInterval.size === 1 ? path : `${path} ${interval}`,
        DataSetPublishingInterval: durationMs(interval),
        OpcNodes: group.map((tag) => nodeOf(tag, server)),
      }));
    });
  });
  notes.push({
    where: 'all',
    message: 'roles, units, carriers, states and ranges have no place in such a file',
    severity: 'low',
  });
  return { entries, notes };
}

function endpointOf({ endpoint, securityMode, securityPolicy, username }: ServerConfig): PublishedNodesEntry {
  return {
    EndpointUrl: endpoint,
    EndpointSecurityMode: securityMode === 'best' ? 'Best' : securityMode,
    ...(securityPolicy === 'best'
      ? {}
      : { EndpointSecurityPolicy: `http://opcfoundation.org/UA/SecurityPolicy#${securityPolicy}` }),
    OpcAuthenticationMode: username === undefined ? 'Anonymous' : 'UsernamePassword',
    ...(username === undefined ? {} : { OpcAuthenticationUsername: username }),
  };
}

function nodeOf(tag: TagConfig, server: ServerConfig): PublishedNodesEntry {
  const queueSize = tag.queueSize ?? server.queueSize;
  const trigger = tag.trigger ?? server.trigger;
  return {
    Id: tag.nodeId,
    DisplayName: tag.name,
    OpcSamplingInterval: durationMs(tag.samplingInterval ?? server.samplingInterval ?? '1s'),
    ...(queueSize === undefined ? {} : { QueueSize: queueSize }),
    ...(trigger === undefined ? {} : { DataChangeTrigger: triggers[trigger] }),
  };
}
