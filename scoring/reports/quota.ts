/** Energy quota (单位产品能耗限额) of an object: three limits of kgce per equivalent unit, on the basis its standard names. */
export type QuotaRule = {
  /** Equipment path; '' is the site. */
  readonly path: string;
  readonly basis: 'calorific' | 'equivalent';
  /** Grade 1 (先进值), grade 2 (准入值) and grade 3 (限定值), kgce per equivalent unit. */
  readonly advanced: number;
  readonly access: number;
  readonly limit: number;
  /** Standard and clause. */
  readonly source: string;
};

export type QuotaGrade = {
  readonly rule: QuotaRule;
  /** kgce per equivalent unit; null without figure. */
  readonly value: number | null;
  /** `over`: above the limit of grade 3. */
  readonly grade: '1' | '2' | '3' | 'over' | null;
};

/** The grade an object reaches; null when no quota is configured for it. Unrounded values decide. */
export function gradeOf(
  path: string,
  figures: {
    readonly kgceCalorific: { readonly value: number | null };
    readonly kgceEquivalent: { readonly value: number | null };
    readonly output: number | null;
  },
  rules: readonly QuotaRule[],
): QuotaGrade | null {
  const rule = rules.find((candidate) => candidate.path === path);
  if (rule === undefined) return null;
  const kgce = (rule.basis === 'calorific' ? figures.kgceCalorific : figures.kgceEquivalent).value;
  if (kgce === null || figures.output === null || !(figures.output > 0)) return { rule, value: null, grade: null };
  const value = kgce / figures.output;
  return {
    rule,
    value,
    grade: value <= rule.advanced ? '1' : value <= rule.access ? '2' : value <= rule.limit ? '3' : 'over',
  };
}
