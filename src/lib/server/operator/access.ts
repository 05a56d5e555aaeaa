import { timingSafeEqual } from 'node:crypto';
import { utf8 } from '../../core/bytes.ts';
import { sha256 } from '../sha256.ts';

/**
 * Whether a request shows the operator's token, as `Bearer` or as the password of `Basic`. Without a token in
 * the environment nobody is the operator.
 */
export function isOperator(request: Request, token: string | undefined): boolean {
  const [scheme, shown] = (request.headers.get('authorization') ?? '').split(' ');
  if (token === undefined || token === '' || shown === undefined) return false;
  const password =
    scheme === 'Basic'
      ? Buffer.from(shown, 'base64')
          .toString()
          .replace(/^[^:]*:/, '')
      : shown;
  // Hashed first: what is compared has one length, whatever was shown.
  return (scheme === 'Basic' || scheme === 'Bearer') && timingSafeEqual(sha256(utf8(password)), sha256(utf8(token)));
}
