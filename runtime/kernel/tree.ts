import type { ActorInfo, ChildNote } from '../actor.ts';
import type { Cell } from './parts.ts';

/** All actors below `root`, parents before children, with the notes of their supervisors. */
export function treeOf(root: Cell, now: number): ActorInfo[] {
  const rows: ActorInfo[] = [];
  const visit = (cell: Cell): void => {
    for (const child of cell.children?.values() ?? []) {
      rows.push(rowOf(child, cell.notes?.get(child.name), now));
      visit(child);
    }
    for (const [name, note] of cell.notes ?? []) {
      if (note.state !== undefined && cell.children?.has(name) !== true)
        rows.push(absentRow(cell, name, note, note.state));
    }
  };
  visit(root);
  return rows;
}

function rowOf(cell: Cell, note: ChildNote | undefined, now: number): ActorInfo {
  const detail = cell.inspect();
  return {
    path: cell.ref.path,
    uid: cell.ref.uid,
    kind: cell.ref.kind,
    state: cell.phase === 'running' ? 'running' : 'stopping',
    mailboxLength: cell.mailboxLength,
    oldestMessageMs: cell.oldestAt === undefined ? 0 : now - cell.oldestAt,
    ...budgetOf(note),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** A child that is not there: waiting for its restart, or put aside. It has no incarnation, so its uid is 0. */
function absentRow(parent: Cell, name: string, note: ChildNote, state: 'restarting' | 'quarantined'): ActorInfo {
  const path = `${parent.ref.path}/${name}`;
  return { path, uid: 0, kind: note.kind, state, mailboxLength: 0, oldestMessageMs: 0, ...budgetOf(note) };
}

function budgetOf(note: ChildNote | undefined): Partial<ActorInfo> {
  if (note === undefined) return {};
  const { restartsUsed, restartsAllowed, restartWindowMs } = note;
  return {
    ...(restartsUsed === undefined ? {} : { restartsUsed }),
    ...(restartsAllowed === undefined ? {} : { restartsAllowed }),
    ...(restartWindowMs === undefined ? {} : { restartWindowMs }),
  };
}
