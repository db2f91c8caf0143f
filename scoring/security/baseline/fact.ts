/** One thing that is normal at a plant. Facts with the same identity are the same; a rate has bounds beside it. */
export type BaselineFact =
  /** Who connects, from where, under which family of client ids; `certificate`: SHA-256, empty without one. */
  | {
      readonly kind: 'connection';
      readonly principal: string;
      readonly host: string;
      readonly service: string;
      readonly client: string;
      readonly certificate: string;
    }
  /** Which publisher sends on which topic. */
  | { readonly kind: 'topic'; readonly principal: string; readonly topic: string }
  /** Least and most messages a minute of a topic. */
  | {
      readonly kind: 'rate';
      readonly principal: string;
      readonly topic: string;
      readonly least: number;
      readonly most: number;
    };

/** Identity of a fact: facts with the same identity replace one another. */
export function factId(fact: BaselineFact): string {
  switch (fact.kind) {
    case 'connection':
      return JSON.stringify([fact.kind, fact.principal, fact.host, fact.service, fact.client, fact.certificate]);
    case 'topic':
    case 'rate':
      return JSON.stringify([fact.kind, fact.principal, fact.topic]);
    default:
      return fact satisfies never;
  }
}

/**
 * Family of a client id: tools draw a new ending for every connection. `scoring-x8f3k2` and `scoring-q0p1zz` are both
 * `scoring*`; a short ending or none is a name and stays.
 */
export function clientFamily(clientId: string): string {
  const head = /^(.+?)[-_.:][A-Za-z0-9]{6,}$/.exec(clientId)?.[1];
  return head === undefined ? clientId : `${head}*`;
}
