import type { SystemEvent } from '../../broker/contract/event.ts';
import { addressSpaceChanged } from './detections/address-space-changed.ts';
import type { DetectionCard, VectorEvent } from './detections/card.ts';
import { certificateExpiring } from './detections/certificate-expiring.ts';
import { channelCheckFailed } from './detections/channel-check-failed.ts';
import { clientCertificateRefused } from './detections/client-certificate-refused.ts';
import { clientIdTakeover } from './detections/client-id-takeover.ts';
import { configurationChanged } from './detections/configuration-changed.ts';
import { dataLost } from './detections/data-lost.ts';
import { endpointsChanged } from './detections/endpoints-changed.ts';
import { foreignPublish } from './detections/foreign-publish.ts';
import { harvesting } from './detections/harvesting.ts';
import { limitHit } from './detections/limit-hit.ts';
import { lossOfView } from './detections/loss-of-view.ts';
import { malformedPacket } from './detections/malformed-packet.ts';
import { payloadRefused } from './detections/payload-refused.ts';
import { retainedOverwrite } from './detections/retained-overwrite.ts';
import { securityDowngrade } from './detections/security-downgrade.ts';
import { serverAuditSession } from './detections/server-audit-session.ts';
import { serverAuditWrite } from './detections/server-audit-write.ts';
import { serverCertificateChanged } from './detections/server-certificate-changed.ts';
import { serverCertificateUntrusted } from './detections/server-certificate-untrusted.ts';
import { serviceRestarting } from './detections/service-restarting.ts';
import { signInRefused } from './detections/sign-in-refused.ts';
import { softwareChanged } from './detections/software-changed.ts';
import { topicDenied } from './detections/topic-denied.ts';
import { unfamiliarAddress } from './detections/unfamiliar-address.ts';
import { valueContradiction } from './detections/value-contradiction.ts';
import { willAbuse } from './detections/will-abuse.ts';
import { writeBlocked } from './detections/write-blocked.ts';
import { rules } from './rules.ts';

const ADDRESS = '10.0.0.9:50123';
const ENDPOINT = 'opc.tcp://press-3:4840';
const nothing: readonly VectorEvent[] = [{ kind: 'service-started' }];

/** Every detection over system events, with what it says of itself. */
export const detectionCards: readonly DetectionCard[] = [
  {
    rule: rules['sign-in-refused'],
    catalogue: ['D01'],
    source: 'broker and API, sign-in',
    evidence: 'principal, address, number of tries; never the secret',
    falsePositives: 'a rotated password, a client that retries for ever',
    vector: { triggers: [{ kind: 'sign-in-refused', principal: 'bob', address: ADDRESS }], quiet: nothing },
    create: signInRefused,
  },
  {
    rule: rules['topic-denied'],
    catalogue: ['D03'],
    source: 'broker, refused publish or subscription',
    evidence: 'principal, address, topic',
    falsePositives: 'a topic that was renamed',
    vector: {
      triggers: [{ kind: 'topic-denied', message: 'publish refused', principal: 'bob', subject: 'a/b' }],
      quiet: [{ kind: 'topic-denied', message: 'subscribe refused', principal: 'bob', subject: '#' }],
    },
    create: topicDenied,
  },
  {
    rule: rules['client-id-takeover'],
    catalogue: ['D07'],
    source: 'broker, CONNECT',
    evidence: 'client id, both principals, address',
    falsePositives: 'a fast reconnect, another address after a router',
    vector: { triggers: [{ kind: 'client-id-takeover', principal: 'eve', address: ADDRESS }], quiet: nothing },
    create: clientIdTakeover,
  },
  {
    rule: rules['malformed-packet'],
    catalogue: ['D09'],
    source: 'broker, frame guard',
    evidence: 'reason, address',
    falsePositives: 'a port scan of the IT department',
    vector: { triggers: [{ kind: 'malformed-packet', address: ADDRESS }], quiet: nothing },
    create: malformedPacket,
  },
  {
    rule: rules['limit-hit'],
    catalogue: ['D10', 'D13'],
    source: 'broker, limits of connections, rates and sizes',
    evidence: 'limit, address, principal',
    falsePositives: 'many devices that start at once after a power cut',
    vector: { triggers: [{ kind: 'limit-hit', address: ADDRESS }], quiet: nothing },
    create: limitHit,
  },
  {
    rule: rules['server-certificate-changed'],
    catalogue: ['D16'],
    source: 'gateway, opening of the secure channel',
    evidence: 'both fingerprints',
    falsePositives: 'a planned renewal, a controller exchanged',
    vector: {
      triggers: [{ kind: 'server-certificate-changed', subject: ENDPOINT }],
      quiet: [{ kind: 'endpoint-connected', subject: ENDPOINT }],
    },
    create: serverCertificateChanged,
  },
  {
    rule: rules['loss-of-view'],
    catalogue: ['D29'],
    source: 'gateway, session with the server',
    evidence: 'endpoint, reason',
    falsePositives: 'a cable, a switch that restarts',
    vector: {
      triggers: [{ kind: 'endpoint-lost', subject: ENDPOINT }],
      quiet: [{ kind: 'service-started', subject: ENDPOINT }],
    },
    create: lossOfView,
  },
  {
    rule: rules['payload-refused'],
    catalogue: ['D04', 'D14'],
    source: 'scoring, messages against the contract',
    evidence: 'topic, reason',
    falsePositives: 'a gateway of another release',
    vector: { triggers: [{ kind: 'payload-refused', subject: 'opcua/json/data/x' }], quiet: nothing },
    create: payloadRefused,
  },
  {
    rule: rules['data-lost'],
    catalogue: ['D13'],
    source: 'scoring and gateway, sequence numbers and outbox',
    evidence: 'writer, number of messages',
    falsePositives: 'an outage longer than the outbox holds',
    vector: { triggers: [{ kind: 'data-lost', subject: 'edge-1/1' }], quiet: nothing },
    create: dataLost,
  },
  foreignPublish,
  retainedOverwrite,
  willAbuse,
  harvesting,
  unfamiliarAddress,
  clientCertificateRefused,
  serverCertificateUntrusted,
  certificateExpiring,
  securityDowngrade,
  endpointsChanged,
  channelCheckFailed,
  writeBlocked,
  softwareChanged,
  addressSpaceChanged,
  serverAuditWrite,
  serverAuditSession,
  configurationChanged,
  valueContradiction,
  serviceRestarting,
];

/** The events of a vector, the first at `at` (epoch ms). */
export function vectorEvents(vector: readonly VectorEvent[], at: number): SystemEvent[] {
  return vector.map(({ afterMs = 0, ...said }, index) => ({
    service: 'broker',
    source: 'self-test',
    severity: 'low',
    message: `self-test of ${said.kind}`,
    ...said,
    id: `self-test-${index}`,
    at: at + afterMs,
  }));
}
