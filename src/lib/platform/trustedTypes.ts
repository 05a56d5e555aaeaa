/** The one policy under which addresses of scripts are made: only ours, only from our own origin. */

interface PolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
}

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
const policy = factory?.createPolicy('cairn', { createScriptURL: ownScript });

/** The address as the browser's Trusted Types want it; plain text where there are none. */
export const scriptUrl = (url: string): unknown => policy?.createScriptURL(url) ?? ownScript(url);

function ownScript(url: string): string {
  const whole = new URL(url, location.href);
  if (whole.origin !== location.origin) throw new TypeError('a script from elsewhere');
  return whole.href;
}
