import type { Carrier, TagRole } from '../../../broker/contract/tag.ts';
import { measurementOf } from './measurement-id.ts';
import { carrierByName, nameWords, roleByName } from './name-words.ts';
import { unitByCode, unitByText, type KnownUnit } from './unece-units.ts';

/** What is known of a variable when a role is proposed for it. */
export type TagFacts = {
  /** Names from the equipment down to the variable, the variable's own last. */
  readonly names: readonly string[];
  /** OPC UA data type name, or null when it is not known (a file without a server). */
  readonly dataType: string | null;
  /** Unit text or UNECE code as the source states it, or null. */
  readonly unit: string | null;
  /** MeasurementID of OPC 34100, or null. */
  readonly measurementId: number | null;
};

/** A proposed meaning; `confidence` from 0 to 1, `evidence` in words. */
export type TagGuess = {
  readonly role: TagRole;
  readonly unit: string | null;
  readonly carrier: Carrier | null;
  readonly confidence: number;
  readonly evidence: readonly string[];
  /** Why it should not be taken as it is, or null. */
  readonly doubt: string | null;
};

/** From this on a proposed tag stands in the plant file; below it is a comment. */
export const SURE_ENOUGH = 0.5;

const numeric = /^(S?Byte|U?Int(16|32|64)|Float|Double|Number|U?Integer|Decimal)$/;
const textual = /^(String|LocalizedText)$/;

/**
 * Proposes role, unit and carrier of a variable: by its MeasurementID (OPC 34100), else by its engineering unit, else
 * by the Chinese or English words of its name. Null when nothing speaks for any role.
 */
export function guessTag(facts: TagFacts): TagGuess | null {
  const unit = facts.unit === null ? null : (unitByCode(facts.unit) ?? unitByText(facts.unit));
  const guess = byMeasurement(facts, unit) ?? byUnit(facts, unit) ?? byName(facts);
  return guess === null ? null : checkedByType(guess, facts.dataType);
}

function byMeasurement(facts: TagFacts, unit: KnownUnit | null): TagGuess | null {
  const measurement = measurementOf(facts.measurementId);
  if (measurement === null || facts.measurementId === null) return null;
  const { role, meaning, standardUnit, isImport } = measurement;
  const fits = unit === null || unit.dimension === (role === 'power' ? 'power' : 'energy');
  return {
    role,
    unit: unit?.ucum ?? standardUnit,
    carrier: 'electricity',
    confidence: fits ? 0.99 : 0.4,
    evidence: [
      `MeasurementID ${facts.measurementId} = ${meaning} (OPC 34100)`,
      unit === null ? `no unit stated, ${standardUnit} by OPC 34100` : `unit ${unit.code} (EUInformation)`,
    ],
    doubt: !isImport
      ? 'energy that is fed out is not consumption'
      : fits
        ? null
        : `unit ${unit.code} contradicts the MeasurementID`,
  };
}

function byUnit(facts: TagFacts, unit: KnownUnit | null): TagGuess | null {
  if (unit === null) return null;
  const { names } = facts;
  const named = roleByName(names);
  const stated = `unit ${unit.code}`;
  const carrier = carrierByName(names);
  switch (unit.dimension) {
    case 'energy':
      return {
        role: 'energy-counter',
        unit: unit.ucum,
        carrier: carrier?.carrier ?? 'electricity',
        confidence: named?.role === 'energy-counter' ? 0.92 : 0.75,
        evidence: [stated, ...words(named), carrier === null ? 'electricity assumed' : `"${carrier.word}"`],
        doubt: null,
      };
    case 'power':
      return {
        role: 'power',
        unit: unit.ucum,
        carrier: carrier?.carrier ?? 'electricity',
        confidence: named?.role === 'power' ? 0.92 : 0.75,
        evidence: [stated, ...words(named), carrier === null ? 'electricity assumed' : `"${carrier.word}"`],
        doubt: null,
      };
    case 'pieces': {
      const role = named?.role === 'scrap-counter' ? 'scrap-counter' : 'output-counter';
      const isNamed = named?.role === role;
      return {
        role,
        unit: unit.ucum,
        carrier: null,
        confidence: isNamed ? 0.9 : 0.55,
        evidence: [stated, ...(isNamed ? words(named) : ['no word says good or scrap'])],
        doubt: null,
      };
    }
    case 'rate':
      return { role: 'process', unit: unit.ucum, carrier: null, confidence: 0.7, evidence: [stated], doubt: null };
    case 'mass':
    case 'volume':
      return carrier !== null && carrier.carrier !== 'electricity'
        ? {
            role: 'energy-counter',
            unit: unit.ucum,
            carrier: carrier.carrier,
            confidence: 0.6,
            evidence: [stated, `"${carrier.word}"`],
            doubt: null,
          }
        : ofMaterial(named, unit);
    case 'other':
      return {
        role: 'process',
        unit: unit.ucum,
        carrier: null,
        confidence: named?.role === 'process' ? 0.95 : 0.85,
        evidence: [stated, ...(named?.role === 'process' ? words(named) : [])],
        doubt: null,
      };
    default:
      return unit.dimension satisfies never;
  }
}

type Named = NonNullable<ReturnType<typeof roleByName>>;

const words = (named: Named | null): string[] => (named === null ? [] : [`name "${named.word}"`]);

function ofMaterial(named: Named | null, unit: KnownUnit): TagGuess {
  const isCounter = named?.role === 'output-counter' || named?.role === 'scrap-counter';
  return {
    role: isCounter ? named.role : 'process',
    unit: unit.ucum,
    carrier: null,
    confidence: isCounter ? 0.8 : 0.6,
    evidence: [`unit ${unit.code}`, ...words(named)],
    doubt: null,
  };
}

function byName({ names, unit }: TagFacts): TagGuess | null {
  const named = roleByName(names);
  if (named === null) return null;
  const { role, word } = named;
  const isEnergy = role === 'energy-counter' || role === 'power';
  const carrier = isEnergy ? carrierByName(names) : null;
  const inName = unitInName(names.at(-1) ?? '', role);
  return {
    role,
    unit: inName?.ucum ?? (role === 'output-counter' || role === 'scrap-counter' ? '{pcs}' : unit),
    carrier: isEnergy ? (carrier?.carrier ?? 'electricity') : null,
    confidence: isEnergy && inName === null ? 0.4 : named.confidence,
    evidence: [`name "${word}"`, ...(inName === null ? [] : [`unit ${inName.ucum} in the name`])],
    doubt: isEnergy && inName === null ? 'its unit is not known; set it' : null,
  };
}

/** A unit written at the end of a name: EnergyKWh, 电能_kWh, Power(kW). */
function unitInName(name: string, role: TagRole): KnownUnit | null {
  if (role !== 'energy-counter' && role !== 'power') return null;
  const words = nameWords(name);
  const text = /(?:千瓦时|千瓦|度)$/.exec(words)?.[0] ?? words.split(' ').at(-1) ?? '';
  const unit = unitByText(text);
  return unit?.dimension === (role === 'power' ? 'power' : 'energy') ? unit : null;
}

function checkedByType(guess: TagGuess, dataType: string | null): TagGuess {
  if (dataType === null || dataType === '') return guess;
  const wantsText = guess.role === 'product' || guess.role === 'order';
  const fits = wantsText
    ? textual.test(dataType) || numeric.test(dataType)
    : guess.role === 'state'
      ? numeric.test(dataType) || textual.test(dataType) || dataType === 'Boolean' || !isBuiltInOther(dataType)
      : numeric.test(dataType);
  if (fits) return guess;
  return {
    ...guess,
    confidence: Math.min(guess.confidence, 0.2),
    doubt: `data type ${dataType} does not fit role ${guess.role}`,
  };
}

const isBuiltInOther = (dataType: string): boolean =>
  /^(DateTime|Guid|ByteString|XmlElement|NodeId|ExpandedNodeId|QualifiedName|ExtensionObject|DataValue|Variant|DiagnosticInfo|EUInformation|Range)$/.test(
    dataType,
  );
