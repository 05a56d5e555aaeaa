import type { WorkspaceFile, WorkspaceView } from '../../services/client.ts';

/** What stands directly in a folder of a workspace; the folder at the top is the empty path. */
export interface Entries {
  readonly folders: readonly { readonly path: string; readonly name: string; readonly files: number }[];
  readonly files: readonly WorkspaceFile[];
}

export function entriesOf({ folders, files }: Pick<WorkspaceView, 'folders' | 'files'>, folder: string): Entries {
  return {
    folders: folders
      .filter((path) => parentOf(path) === folder)
      .map((path) => ({
        path,
        name: nameOf(path),
        files: files.filter((file) => file.path.startsWith(`${path}/`)).length,
      })),
    files: files.filter(({ path }) => parentOf(path) === folder),
  };
}

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const joined = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** The folders from the top to `folder`, each with its path. */
export function crumbsOf(folder: string): { readonly name: string; readonly path: string }[] {
  if (folder === '') return [];
  const names = folder.split('/');
  return names.map((name, i) => ({ name, path: names.slice(0, i + 1).join('/') }));
}
