// One chunk's extensions, byte by byte. In: a state and a byte. Out: the next state, `endsLine` at the CR, or `broken`.
// Source: RFC 9112 §7.1.1: *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ). They say nothing the swarm needs.
import { isTextByte, isTokenByte } from './response-head.ts';

/** Behind a semicolon: a name must come. */
export const expectsName = 0;
const inName = 1;
/** Behind a name and white space. */
const afterName = 2;
const expectsValue = 3;
const inValue = 4;
const inQuotes = 5;
const isEscaped = 6;
const afterValue = 7;
const afterBlank = 8;
export const endsLine = 9;
export const broken = 10;

const cr = 13;
const quote = 34;
const semicolon = 59;
const equals = 61;
const backslash = 92;

export function nextExtensionState(state: number, byte: number): number {
  switch (state) {
    case expectsName:
      if (isBlank(byte)) return expectsName;
      return isTokenByte[byte] === 1 ? inName : broken;
    case inName:
      if (isTokenByte[byte] === 1) return inName;
      if (byte === equals) return expectsValue;
      return isBlank(byte) ? afterName : endPart(byte, true);
    case afterName:
      if (byte === equals) return expectsValue;
      return isBlank(byte) ? afterName : endPart(byte, false);
    case expectsValue:
      if (isBlank(byte)) return expectsValue;
      if (byte === quote) return inQuotes;
      return isTokenByte[byte] === 1 ? inValue : broken;
    case inValue:
      return isTokenByte[byte] === 1 ? inValue : endValue(byte);
    case inQuotes:
      if (byte === quote) return afterValue;
      if (byte === backslash) return isEscaped;
      return isTextByte[byte] === 1 ? inQuotes : broken;
    case isEscaped:
      return isTextByte[byte] === 1 ? inQuotes : broken;
    case afterValue:
      return endValue(byte);
    default:
      return isBlank(byte) ? afterBlank : endPart(byte, false);
  }
}

function endValue(byte: number): number {
  return isBlank(byte) ? afterBlank : endPart(byte, true);
}

/** White space stands in front of a semicolon or an equals sign, never in front of the line's end. */
function endPart(byte: number, mayEndLine: boolean): number {
  if (byte === semicolon) return expectsName;
  return byte === cr && mayEndLine ? endsLine : broken;
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9;
}
