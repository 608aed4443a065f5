/** n8n's expressions `=text {{ code }} text`: compiled by our own compiler, evaluated on data only. Runs in a browser too. */
export { compileText, evaluate, evaluateText, makeScene } from './evaluate.ts';
export type { CompiledText, EvaluateOptions } from './evaluate.ts';
export type { Scene, SceneInput } from './scene.ts';
export { isExpression } from './split.ts';
export { errors as expressionErrors } from './errors.ts';
export { patternMatches } from './regex.ts';
export { parseDateText } from './extensions/date-parse.ts';
export { renderJson } from './render-json.ts';
