import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { openApi } from '../../scripts/openapi.ts';
import { routes } from '../../src/lib/server/endpoints.ts';

test('the OpenAPI document is valid, has every route, and is the one in docs', async () => {
  const made = JSON.parse(JSON.stringify(openApi())) as ReturnType<typeof openApi>;
  expect(await new Validator().validate(made)).toEqual({ valid: true });
  expect(Object.keys(made.paths)).toEqual(routes.map((route) => `/${route}`).toSorted());
  expect(JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'))).toEqual(made);
});
