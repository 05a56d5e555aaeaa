import { writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import * as account from '../src/lib/protocol/account.ts';
import * as blobs from '../src/lib/protocol/blobs.ts';
import * as directory from '../src/lib/protocol/directory.ts';
import { relayErrors } from '../src/lib/protocol/errors.ts';
import * as handles from '../src/lib/protocol/handles.ts';
import * as push from '../src/lib/protocol/push.ts';
import * as rendezvous from '../src/lib/protocol/rendezvous.ts';
import * as signals from '../src/lib/protocol/signals.ts';
import * as requests from '../src/lib/protocol/requests.ts';
import * as work from '../src/lib/protocol/work.ts';
import { endpointOf } from '../src/lib/server/endpoints.ts';

/** `npm run openapi` writes `docs/openapi.json` from the schemas that the relay checks with. */

interface Shapes {
  readonly path: string | ((id: string) => string);
  readonly request: v.GenericSchema;
  readonly answer: v.GenericSchema;
}

const isShapes = (value: unknown): value is Shapes =>
  typeof value === 'object' && value !== null && 'path' in value && 'request' in value && 'answer' in value;

const SOME_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

/** CBOR has byte strings, JSON Schema has not: they are described as OpenAPI describes binary content. */
const schemaOf = (schema: v.GenericSchema): Record<string, unknown> => {
  const { $schema, ...rest } = toJsonSchema(schema, {
    errorMode: 'ignore',
    typeMode: 'input',
    target: 'draft-2020-12',
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === 'instance' ? { type: 'string', format: 'binary' } : jsonSchema,
  });
  return $schema === undefined ? { ...rest } : rest;
};

const body = (schema: Record<string, unknown>) => ({ content: { 'application/cbor': { schema } } });

function operation({ request, answer }: Shapes, name: string, isOpen: boolean, hasId: boolean) {
  return {
    operationId: name,
    ...(hasId
      ? {
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{22}$' } },
          ],
        }
      : {}),
    ...(isOpen ? { security: [] } : {}),
    requestBody: { required: true, ...body(schemaOf(request)) },
    responses: {
      200: { description: 'Done, or done before.', ...body(schemaOf(answer)) },
      default: { $ref: '#/components/responses/Refused' },
    },
  };
}

/** The OpenAPI 3.1 document of `/api/v1`. */
export function openApi() {
  const shapes = Object.entries({
    ...requests,
    ...account,
    ...work,
    ...handles,
    ...push,
    ...directory,
    ...blobs,
    ...rendezvous,
    ...signals,
  });
  const paths = shapes.flatMap(([name, value]) => {
    if (!isShapes(value)) return [];
    const path = typeof value.path === 'string' ? value.path : value.path('{id}');
    const endpoint = endpointOf(path.replace('{id}', SOME_ID));
    if (endpoint === undefined) throw new TypeError(`nothing serves ${path}`);
    return [[`/${path}`, { post: operation(value, name, endpoint.isOpen, path.includes('{id}')) }] as const];
  });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cairn relay',
      version: '1',
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'Requests and answers are deterministic CBOR; byte strings are shown as binary. What they mean stands in docs/protocol.md. Written by `npm run openapi`.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ session: [] }],
    paths: Object.fromEntries(paths.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer', description: 'The token of `login`, in base64url.' },
      },
      responses: {
        Refused: {
          description: `The status of the code: ${Object.entries(relayErrors)
            .map(([code, { status }]) => `${code} ${status}`)
            .join(', ')}.`,
          headers: { 'Retry-After': { description: 'Seconds, with 429 and 503.', schema: { type: 'integer' } } },
          ...body(schemaOf(requests.errorBody)),
        },
      },
    },
  };
}

if (import.meta.main) {
  writeFileSync(new URL('../docs/openapi.json', import.meta.url), `${JSON.stringify(openApi(), null, 2)}\n`);
}
