/** Paths within a workspace: names with `/` between them, no `/` at either end. */

const encoder = new TextEncoder();
const MOST_NAME = 255;
const MOST_PATH = 1000;
// What no file system takes, and what would be read as something else than a name.
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f\\\u202a-\u202e\u2066-\u2069]/u;

/** The path as everybody writes it; `undefined` for one that can't be. */
export function cleanPath(input: string): string | undefined {
  const names = input
    .normalize('NFC')
    .split('/')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== '.');
  const path = names.join('/');
  const isFine =
    names.length > 0 &&
    encoder.encode(path).length <= MOST_PATH &&
    names.every(
      (name) =>
        name !== '..' && name !== '__proto__' && !FORBIDDEN.test(name) && encoder.encode(name).length <= MOST_NAME,
    );
  return isFine ? path : undefined;
}

/** What makes two paths the same one, also on file systems that don't tell cases apart. */
export const foldPath = (path: string): string => path.normalize('NFC').toLowerCase();

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The folder that it is in; empty at the top. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

export const inFolder = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** Whether `path` is `folder` or in it. */
export const isWithin = (path: string, folder: string): boolean =>
  folder === '' || path === folder || path.startsWith(`${folder}/`);

/** The path with something put behind its name, before the ending: `notes (2).txt`. */
export function withMark(path: string, mark: string): string {
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  const at = dot > 0 ? path.length - name.length + dot : path.length;
  return `${path.slice(0, at)} (${mark})${path.slice(at)}`;
}

/** All folders on the way to these paths, and those named themselves; sorted. */
export function foldersAbove(paths: Iterable<string>, folders: Iterable<string> = []): string[] {
  const all = new Set<string>();
  const add = (folder: string): void => {
    for (let at = folder; at !== '' && !all.has(at); at = folderOf(at)) all.add(at);
  };
  for (const path of paths) add(folderOf(path));
  for (const folder of folders) add(folder);
  return [...all].sort();
}
