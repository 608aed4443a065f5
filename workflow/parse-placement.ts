import type { IssueList } from './issues.ts';
import { shown } from './issues.ts';
import { PLACEMENT_TAGS, TAG_CHARACTERS } from './limits.ts';

/** A tag as members carry them, see TROUPE_MEMBER_TAGS. */
const TAG = /^[A-Za-z0-9._-]+$/;

const HINT = 'Give a list of tags, such as ["gpu", "eu-west"]; a tag has letters, digits, ".", "_" and "-".';

/** Where a placement stands, for its faults. */
interface Place {
  readonly field: string;
  /** Whose it is, as it begins a sentence: `Node "A"`. */
  readonly of: string;
  readonly node?: string;
  readonly issues: IssueList;
}

function listOf(raw: unknown): readonly unknown[] | undefined {
  if (typeof raw === 'string') return raw.split(',').map((tag) => tag.trim());
  return Array.isArray(raw) ? raw : undefined;
}

function isTag(tag: unknown): tag is string {
  return typeof tag === 'string' && tag.length <= TAG_CHARACTERS && TAG.test(tag);
}

/**
 * The tags that a member must carry, all of them: a list, or text with commas. Absent, null and blank text say nothing;
 * [] says that any member will do. Faults go to the issues and count as absent.
 */
export function parsePlacement(raw: unknown, at: Place): readonly string[] | undefined {
  if (raw === undefined || raw === null || (typeof raw === 'string' && raw.trim() === '')) return undefined;
  const tags = listOf(raw);
  if (tags === undefined || !tags.every(isTag)) {
    at.issues.error(at.field, `${at.of} has the placement ${shown(raw)}`, HINT, at.node);
    return undefined;
  }
  const distinct = [...new Set(tags)];
  if (distinct.length <= PLACEMENT_TAGS) return distinct;
  const message = `${at.of} names ${distinct.length} placement tags`;
  at.issues.error(at.field, message, `At most ${PLACEMENT_TAGS}; a member must carry all of them.`, at.node);
  return undefined;
}
