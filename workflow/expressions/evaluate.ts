import type { Item } from '../items.ts';
import { TroupeError } from '../errors.ts';
import type { Budget } from './budget.ts';
import { compileCode } from './compile.ts';
import { isOverflow } from './compile-statements.ts';
import { errors, Fault, Stop, stop, type Place } from './errors.ts';
import { Evaluation, type Code, type Frame } from './evaluation.ts';
import { CALL_DEPTH, COMPILED_TEXTS, EXPRESSION_TEXT_CHARACTERS, PARAMETER_DEPTH } from './limits.ts';
import { partText, resultOf } from './result.ts';
import type { Scene, SceneInput } from './scene.ts';
import { isExpression, split } from './split.ts';

/** A parameter text, parsed and compiled. Immutable; may be used by any number of scenes. */
export interface CompiledText {
  /** The text as written, with its leading `=`. */
  readonly source: string;
  /** Plain texts and codes in order. */
  readonly parts: readonly (string | Code)[];
  /** The only part is one `{{ }}`: its value keeps its type. */
  readonly lone: boolean;
}

const cache = new Map<string, CompiledText>();

/**
 * Compiles a parameter text that starts with `=`. Results are kept: compiling the same text again is a look-up.
 * Throws EXPRESSION_SYNTAX, EXPRESSION_UNSUPPORTED, EXPRESSION_DENIED, EXPRESSION_TOO_LARGE or
 * EXPRESSION_REGEX_UNSAFE, with `details.position` counted from the start of the text.
 */
export function compileText(text: string): CompiledText {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const made = compileFresh(text);
  if (cache.size >= COMPILED_TEXTS) {
    // A map keeps the order of insertion: its first keys are the oldest.
    for (const old of [...cache.keys()].slice(0, Math.ceil(COMPILED_TEXTS / 10))) cache.delete(old);
  }
  cache.set(text, made);
  return made;
}

function compileFresh(text: string): CompiledText {
  if (text.length > EXPRESSION_TEXT_CHARACTERS) {
    throw errors.EXPRESSION_TOO_LARGE({ what: 'characters', limit: EXPRESSION_TEXT_CHARACTERS });
  }
  const parts = split(text).map((chunk): string | Code => {
    if (chunk.kind === 'text') return chunk.text;
    if (!chunk.closed) throw errors.EXPRESSION_SYNTAX({ reason: 'A {{ is not closed', position: chunk.start - 2 });
    return compileCode(chunk.code, chunk.start);
  });
  return { source: text, parts, lone: parts.length === 1 && typeof parts[0] !== 'string' };
}

/** Which parameter is evaluated, for errors. */
export interface EvaluateOptions {
  readonly parameter?: string;
}

const NO_FRAME: Frame = [];

/** Runs one code; what n8n swallows gives undefined. */
function run(e: Evaluation, code: Code): unknown {
  try {
    return code(e, NO_FRAME);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    if (error instanceof Stop || error instanceof TroupeError) throw error;
    if (isOverflow(error)) throw stop('EXPRESSION_LIMIT', { what: 'nested calls', limit: CALL_DEPTH });
    // Errors of built-in methods on bad arguments: RangeError of toFixed(200), URIError, JSON's SyntaxError.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/**
 * Evaluates a compiled text for one item. A lone `{{ }}` gives its value: JSON data, undefined, bigint, a luxon
 * DateTime, Duration or Interval, a JS Date, Set or Map; otherwise the result is text. Type errors and thrown errors give
 * undefined, as in n8n; missing nodes, broken item links, `$env`, misused n8n functions and exceeded limits throw
 * EXPRESSION_* errors that carry node, parameter, item and position.
 */
export function evaluate(
  compiled: CompiledText,
  scene: Scene,
  itemIndex: number,
  options: EvaluateOptions = {},
): unknown {
  return evaluateWith(new Evaluation(scene, itemIndex), compiled, options);
}

function evaluateWith(e: Evaluation, compiled: CompiledText, options: EvaluateOptions): unknown {
  try {
    const [first] = compiled.parts;
    if (compiled.lone && typeof first === 'function') return guardedResult(e, run(e, first));
    let text = '';
    for (const part of compiled.parts) {
      const more = typeof part === 'string' ? part : partText(e, run(e, part));
      e.allocate(text.length + more.length);
      text += more;
    }
    return text;
  } catch (error) {
    throw placed(error, e, options);
  }
}

/** A result that cannot be taken out, such as a circle, is like a thrown error. */
function guardedResult(e: Evaluation, value: unknown): unknown {
  return typeof value === 'object' && value !== null ? run(e, () => resultOf(e, value)) : value;
}

function placed(error: unknown, e: Evaluation, options: EvaluateOptions): unknown {
  const place: Place = { node: e.scene.node.name, item: e.itemIndex, position: e.at };
  if (options.parameter !== undefined) place.parameter = options.parameter;
  if (error instanceof Stop) return error.build(place);
  if (isOverflow(error)) return errors.EXPRESSION_LIMIT({ what: 'nested calls', limit: CALL_DEPTH, ...place });
  return error;
}

/** Evaluates a text that may or may not be an expression; a text without leading `=` is returned as it is. */
export function evaluateText(text: string, scene: Scene, itemIndex: number, options?: EvaluateOptions): unknown {
  return isExpression(text) ? evaluate(compileText(text), scene, itemIndex, options) : text;
}

/**
 * The scene of one node run. Cheap: nothing is copied, everything is looked up when an expression asks for it.
 */
export function makeScene(input: SceneInput): Scene {
  const used = defaultInput(input);
  const scene: Scene = {
    ...input,
    zone: input.zone ?? input.workflow.settings.timezone,
    random: input.random ?? Math.random,
    input: used,
    items: input.inputs[used] ?? NO_ITEMS,
    depth: 0,
    evaluateText: (text, itemIndex, depth, budget) => nested(scene, text, itemIndex, depth, budget),
  };
  return scene;
}

const NO_ITEMS: readonly Item[] = [];

function nested(scene: Scene, text: string, itemIndex: number, depth: number, budget: Budget): unknown {
  if (depth > PARAMETER_DEPTH) throw stop('EXPRESSION_RECURSION', { name: text.slice(0, 50) });
  const deeper: Scene = { ...scene, depth };
  return evaluateWith(new Evaluation(deeper, itemIndex, budget), compileText(text), {});
}

function defaultInput(input: SceneInput): number {
  if (input.workflow.settings.executionOrder !== 'v1') return 0;
  return Math.max(
    0,
    input.inputs.findIndex((items) => items !== null && items.length > 0),
  );
}
