import { hostOf } from '../signal.ts';
import { eventCard, type DetectionCard } from './card.ts';

/** A known user from an address not seen before, or an address outside the allowed ones. */
export const unfamiliarAddress: DetectionCard = eventCard({
  rule: {
    name: 'unfamiliar-address',
    severity: 'low',
    technique: { id: 'T0859', name: 'Valid Accounts' },
    title: { en: 'Sign-in from an unfamiliar address', zh: '从陌生地址登录' },
    ends: 'by-review',
  },
  catalogue: ['D06', 'D08'],
  source: 'broker, learned addresses of each user',
  evidence: 'principal, address',
  falsePositives: 'a new lease of an address, a box exchanged',
  kinds: ['address-unknown'],
  judge: ({ principal, address, source, message }) => ({
    principal,
    subject: address === undefined ? source : hostOf(address),
    message,
  }),
  vector: {
    triggers: [
      {
        kind: 'address-unknown',
        principal: 'edge-1',
        address: '10.0.0.9:50123',
        message: 'user "edge-1" signs in from 10.0.0.9 for the first time',
      },
    ],
    quiet: [{ kind: 'service-started' }],
  },
});
