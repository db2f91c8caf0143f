/** What a server says of itself (BuildInfo, OPC 10000-5 12.4); every member may be missing or empty. */
export type BuildInfoText = {
  readonly manufacturerName?: string | null | undefined;
  readonly productName?: string | null | undefined;
  readonly productUri?: string | null | undefined;
};

/** Sizes that a product is known to bear; 0 = nothing known. */
export type VendorLimits = {
  readonly maxMonitoredItemsPerCall: number;
  readonly maxMonitoredItems: number;
};

export const vendorNames = ['s7-1200', 's7-1500', 'kepware', 'ignition', 'prosys'] as const;
export type VendorName = (typeof vendorNames)[number];

type Profile = VendorLimits & { readonly matches: RegExp };

/** Known products and the sizes they bear, as the server profiles of benthos-umh 0.13 state them. */
const profiles: Readonly<Record<VendorName, Profile>> = {
  's7-1200': { matches: /s7-?1200|\bcpu ?12\d\d/i, maxMonitoredItemsPerCall: 100, maxMonitoredItems: 1000 },
  's7-1500': { matches: /s7-?1500|\bcpu ?15\d\d/i, maxMonitoredItemsPerCall: 500, maxMonitoredItems: 10_000 },
  kepware: { matches: /kepware|kepserver/i, maxMonitoredItemsPerCall: 1000, maxMonitoredItems: 0 },
  ignition: {
    matches: /ignition|inductive automation|inductiveautomation/i,
    maxMonitoredItemsPerCall: 100,
    maxMonitoredItems: 0,
  },
  prosys: { matches: /prosys/i, maxMonitoredItemsPerCall: 800, maxMonitoredItems: 0 },
};

/** The product that a BuildInfo names, or null when it is none of the table. */
export function profileOf(buildInfo: BuildInfoText): VendorName | null {
  const text = [buildInfo.manufacturerName, buildInfo.productName, buildInfo.productUri].join('\n');
  return vendorNames.find((name) => profiles[name].matches.test(text)) ?? null;
}

/** What the product bears. */
export function limitsOf(name: VendorName): VendorLimits {
  const { maxMonitoredItemsPerCall, maxMonitoredItems } = profiles[name];
  return { maxMonitoredItemsPerCall, maxMonitoredItems };
}
