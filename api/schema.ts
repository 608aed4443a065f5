import type { FastifySchemaCompiler } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { errors } from './errors.ts';
import { API_LIMITS } from './limits.ts';

/** Decimal ids and names as they stand in paths. */
export const IdParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: API_LIMITS.ID_CHARACTERS, pattern: '^[A-Za-z0-9_-]+$' }),
});

/** An execution's id: a decimal number below 2^53. */
export const ExecutionParams = Type.Object({ id: Type.String({ pattern: '^[0-9]{1,16}$' }) });

/** Members that every list takes. */
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: API_LIMITS.PAGE_ROWS_MOST })),
  cursor: Type.Optional(Type.String({ maxLength: 512 })),
};

/** Compiles a schema once, at registration. Query and path values are text and converted; bodies are taken as sent. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema);
  const part = httpPart === 'querystring' ? 'query' : (httpPart ?? 'body');
  return (input: unknown) => {
    const value = part === 'body' ? input : fromText(schema, input);
    if (check.Check(value)) return { value };
    const fault = check.Errors(value).find(({ keyword }) => keyword !== 'boolean') ?? { instancePath: '', message: '' };
    return { error: errors.INPUT_INVALID({ where: `${part}${fault.instancePath}`, fault: fault.message }) };
  };
};

/** Numbers and booleans as they are written in addresses; every other text stays text, for the check to refuse. */
function fromText(schema: TSchema, input: unknown): unknown {
  if (typeof input !== 'object' || input === null || !Type.IsObject(schema)) return input;
  const entries = Object.entries(input).map(([name, text]) => {
    const wanted = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    return [name, typeof text === 'string' && wanted !== undefined ? converted(wanted, text) : text];
  });
  return Object.fromEntries(entries);
}

function converted(wanted: TSchema, text: string): unknown {
  if (Type.IsInteger(wanted)) return /^-?[0-9]{1,16}$/.test(text) ? Number(text) : text;
  if (Type.IsBoolean(wanted)) return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}
