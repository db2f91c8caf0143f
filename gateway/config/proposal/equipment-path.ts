/** Names of objects that hold a part of a machine's data, not a machine. */
const facet =
  /^(monitoring|consumption|electricity|compressed ?air|chilled ?water|main|status|identification|counters?|energy|energymeters?|meters?|data|tags?|signals?|variables?|measurements?|values?|sensors?|process|process ?values?|production|diagnostics?|alarms?|parameters?|parameter ?set|inputs?|outputs?|memory|icon|static|监控|监测|能耗|能源|电能|电表|数据|变量|信号|传感器|状态|产量|生产|工艺|参数)$/i;

/** Names of objects that only hold the servers' tree together. */
const container =
  /^(objects|deviceset|machines|devices|serverinterfaces|data ?blocks ?(global|instance)?|datablocks(global|instance)|programs?|gvls?|applications?|resources|machinery|machinerybuildingblocks)$/i;

const MOST_LEVELS = 5;
const LEVEL_LENGTH = 50;

/** Splits the object names above a variable into the equipment and the part of it that holds the variable. */
export function splitEquipment(names: readonly string[]): {
  readonly equipment: readonly string[];
  readonly facets: readonly string[];
} {
  let end = names.length;
  while (end > 1 && facet.test(names[end - 1] ?? '')) end -= 1;
  return { equipment: names.slice(0, end), facets: names.slice(end) };
}

/** An equipment path from object names: without containers, at most five levels, safe as an MQTT topic level. */
export function equipmentPath(names: readonly string[], fallback: string): string {
  const levels = names
    .filter((name) => !container.test(name))
    .map(level)
    .filter((name) => name !== '')
    .slice(-MOST_LEVELS);
  return levels.length === 0 ? level(fallback) || 'equipment' : levels.join('/');
}

/** `.` stands for `/` in topics, so it may not stay in a level. */
const level = (name: string): string =>
  name
    .replaceAll(/[/.+#$\p{Cc}\p{Zl}\p{Zp}]+/gu, '-')
    .trim()
    .slice(0, LEVEL_LENGTH)
    .trim();
