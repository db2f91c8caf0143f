import type { Carrier, TagRole } from '../../../broker/contract/tag.ts';

type Row = { readonly role: TagRole; readonly confidence: number; readonly words: RegExp };

/**
 * Words of names and the role they speak for. The first row that matches counts, so what would be mistaken for
 * something further down stands above it (scrap before parts, power factor before power).
 */
const roleRows: readonly Row[] = [
  {
    role: 'process',
    confidence: 0.8,
    words:
      /power ?factor|cos ?phi|功率因数|temperature|\btemp\b|温度|vibration|振动|震动|pressure|压力|压强|humidity|湿度|flow ?rate|流量|\bspeed\b|转速|速度|\bcurrent\b|电流|voltage|电压|frequency|频率|torque|扭矩|转矩|\bforce\b|\blevel\b|液位|dew ?point|露点|position|位置|conductivity|电导率|vacuum|真空/,
  },
  { role: 'power', confidence: 0.7, words: /active ?power|\bpower\b|有功功率|功率|负荷/ },
  {
    role: 'energy-counter',
    confidence: 0.75,
    words: /energy|\bk?wh\b|\bmwh\b|consumption|有功电能|电能|电量|用电|能耗|耗电|电度/,
  },
  {
    role: 'scrap-counter',
    confidence: 0.8,
    words: /scrap|reject|\bnok\b|\bng\b|\bbad ?(parts?|count|pieces?)?\b|defect|waste|废品|不良|次品|不合格|报废/,
  },
  {
    role: 'output-counter',
    confidence: 0.75,
    words:
      /good ?(parts?|count|pieces?)?\b|\b(parts?|pieces?|products?|production|output|total) ?(count|counter|made|total)\b|\b(count|counter)\b|\bparts\b|\bok ?(parts?|count)\b|产量|计数|合格|良品|产出|件数|完工/,
  },
  {
    role: 'state',
    confidence: 0.6,
    words: /\b(machine|operating|operation|run|current)? ?(state|status|mode)\b|状态|工况/,
  },
  {
    role: 'order',
    confidence: 0.6,
    words: /\b(work|job|production)? ?order( ?(id|no|number))?\b|工单|订单|\bjob ?id\b/,
  },
  {
    role: 'product',
    confidence: 0.6,
    words: /\b(product|part|material)( ?(id|type|no|number|name|code))?$|产品|物料|品号|料号/,
  },
];

const carrierRows: readonly (readonly [Carrier, RegExp])[] = [
  ['compressed-air', /compressed ?air|压缩空气|压空/],
  ['natural-gas', /natural ?gas|\bgas\b|天然气|燃气/],
  ['steam', /\bsteam\b|蒸汽/],
  ['cooling', /chilled|\bcooling\b|冷量|冷冻水|制冷/],
  ['heat', /\bheat(ing)?\b|热量|供热/],
  ['water', /\bwater\b|自来水|用水|水量/],
  ['electricity', /electric|\bkwh\b|电能|电量|用电|耗电|电度|有功/],
];

/** A name as lower-case words: camel case, digits, underscores, dots and hyphens separate them. */
export function nameWords(name: string): string {
  return name
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replaceAll(/(\p{L})(\d)/gu, '$1 $2')
    .replaceAll(/(\d)(\p{L})/gu, '$1 $2')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .replaceAll(/\b([kmg]) ?w ?h\b/gi, '$1wh')
    .replaceAll(/\b([kmg]) w\b/gi, '$1w')
    .trim()
    .toLowerCase();
}

/** The role a variable's own name speaks for, or null; the names above it count for less. */
export function roleByName(
  names: readonly string[],
): { readonly role: TagRole; readonly word: string; readonly confidence: number } | null {
  const own = nameWords(names.at(-1) ?? '');
  for (const { role, confidence, words } of roleRows) {
    const word = words.exec(own)?.[0].trim();
    if (word !== undefined && word !== '') return { role, word, confidence };
  }
  return null;
}

/** The carrier that any of the names speaks for, the variable's own name first. */
export function carrierByName(names: readonly string[]): { readonly carrier: Carrier; readonly word: string } | null {
  for (const name of names.toReversed().map(nameWords)) {
    for (const [carrier, words] of carrierRows) {
      const word = words.exec(name)?.[0];
      if (word !== undefined) return { carrier, word };
    }
  }
  return null;
}
