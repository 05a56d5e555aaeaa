/**
 * Vite plugin of the worker: archives get a copy of the compression library of their own. The engine needs
 * little of it from its start (bodies are inflated when read); sharing one copy would put all that archives
 * need into the engine's first file.
 * @returns {import('vite').Plugin}
 */
export function zipApart() {
  return {
    name: 'cairn-zip-apart',
    apply: 'build',
    enforce: 'pre',
    async resolveId(source, importer) {
      if (source !== 'fflate' || importer?.endsWith('/services/workspaceZip.ts') !== true) return null;
      const found = await this.resolve(source, importer, { skipSelf: true });
      return found === null ? null : { ...found, id: `${found.id}?archives` };
    },
  };
}
