import { describe, expect, it } from '@jest/globals';
import type { Comment } from '../../src/github/github.ts';
import { writeSticky, type Sticky } from '../../src/github/sticky.ts';
import { fakeGitHub, refusal } from './fake-github.ts';

const MARKER = '<!-- mine -->';

/** A comment that lists the runs that it was told of. */
function stickyOf(run: string): Sticky {
  return {
    marker: MARKER,
    render: (before) => {
      const runs =
        before
          ?.replace(MARKER, '')
          .trim()
          .split(' ')
          .filter((each) => each !== '' && each !== run) ?? [];
      return [MARKER, run, ...runs].join(' ');
    },
    isAboutThisRun: (body) => body.includes(run),
  };
}

describe('a comment that stays where it is', () => {
  it('is created where there is none', async () => {
    const github = fakeGitHub();
    expect(await writeSticky(github, 7, stickyOf('one'), true)).toMatchObject({ kind: 'created' });
    expect(github.all.map(({ body }) => body)).toEqual([`${MARKER} one`]);
  });

  it('is not created where it is only to be updated', async () => {
    const github = fakeGitHub();
    expect(await writeSticky(github, 7, stickyOf('one'), false)).toEqual({ kind: 'absent' });
    expect(github.calls).toEqual(['list']);
  });

  it('is updated, and carries on what it held', async () => {
    const github = fakeGitHub();
    github.add('something else');
    github.add(`${MARKER} one`);
    expect(await writeSticky(github, 7, stickyOf('two'), true)).toMatchObject({ kind: 'updated' });
    expect(github.all.map(({ body }) => body)).toEqual(['something else', `${MARKER} two one`]);
  });

  it.each([
    ['by a person', { login: 'mallory', isBot: false }, { login: 'github-actions[bot]', isBot: true }],
    ['by another bot', { login: 'renovate[bot]', isBot: true }, { login: 'github-actions', isBot: true }],
    [
      'by a person of the bot’s name',
      { login: 'github-actions', isBot: false },
      { login: 'github-actions', isBot: true },
    ],
    [
      'by the bot, for the token of a person',
      { login: 'github-actions[bot]', isBot: true },
      { login: 'octocat', isBot: false },
    ],
    ['by a person, where nobody tells whose token it is', { login: 'mallory', isBot: false }, undefined],
  ])('is not one %s', async (_whose, author: Comment['author'], viewer) => {
    const github = fakeGitHub({ viewer });
    github.add(`${MARKER} theirs`, author);
    await writeSticky(github, 7, stickyOf('one'), true);
    expect(github.all.map(({ body }) => body)).toEqual([`${MARKER} theirs`, `${MARKER} one`]);
  });

  it.each([
    [
      'of an app, whatever form its name has',
      { login: 'My-App[bot]', isBot: true },
      { login: 'my-app', isBot: true },
    ],
    ['of a person', { login: 'Octocat', isBot: false }, { login: 'octocat', isBot: false }],
    ['of any bot, where nobody tells whose token it is', { login: 'x[bot]', isBot: true }, undefined],
  ])('is the one %s', async (_whose, author: Comment['author'], viewer) => {
    const github = fakeGitHub({ viewer });
    github.add(`${MARKER} one`, author);
    await writeSticky(github, 7, stickyOf('two'), true);
    expect(github.all).toHaveLength(1);
  });

  it('does not take a comment that only quotes its marker', async () => {
    const github = fakeGitHub();
    github.add(`> ${MARKER}`);
    await writeSticky(github, 7, stickyOf('one'), true);
    expect(github.all).toHaveLength(2);
  });
});

describe('two runs at once', () => {
  it('that both find no comment end with one that tells of both', async () => {
    let other: Comment | undefined;
    const github = fakeGitHub({
      before: (call) => {
        if (call === 'create' && other === undefined) other = github.add(`${MARKER} other`);
      },
    });
    expect(await writeSticky(github, 7, stickyOf('one'), true)).toMatchObject({ kind: 'updated' });
    expect(github.all.map(({ body }) => body)).toEqual([`${MARKER} one other`]);
  });

  it('of which the other removed the younger comment already', async () => {
    const github = fakeGitHub({
      before: (call, comments) => {
        if (call === 'create' && comments.length === 0) github.add(`${MARKER} other`);
        if (call === 'delete') comments.splice(1);
      },
    });
    await writeSticky(github, 7, stickyOf('one'), true);
    expect(github.all.map(({ body }) => body)).toEqual([`${MARKER} one other`]);
  });

  it('that overwrite each other lose nothing', async () => {
    let isOverwritten = false;
    const github = fakeGitHub({
      before: (call, comments) => {
        if (call !== 'get' || isOverwritten) return;
        isOverwritten = true;
        comments[0] = { ...comments[0]!, body: `${MARKER} other` };
      },
    });
    github.add(`${MARKER} before`);
    await writeSticky(github, 7, stickyOf('one'), true);
    expect(github.all.map(({ body }) => body)).toEqual([`${MARKER} one other`]);
  });

  it('that go on overwriting each other give up after a while', async () => {
    const github = fakeGitHub({
      before: (call, comments) => {
        if (call === 'get') comments[0] = { ...comments[0]!, body: `${MARKER} other` };
      },
    });
    github.add(`${MARKER} before`);
    await writeSticky(github, 7, stickyOf('one'), true);
    expect(github.calls.filter((call) => call === 'update')).toHaveLength(3);
  });
});

describe('once it is written', () => {
  it.each([
    ['the look at what was updated', 'get', true],
    ['the look for another one', 'list', false],
  ])('%s may fail: it is written all the same', async (_what, failing, isThere) => {
    const calls: string[] = [];
    const github = fakeGitHub({
      before: (call) => {
        calls.push(call);
        const isAfter = calls.some((each) => each === 'create' || each === 'update');
        if (call === failing && isAfter) throw refusal('unreachable');
      },
    });
    if (isThere) github.add(`${MARKER} one`);
    await writeSticky(github, 7, stickyOf('two'), true);
    expect(github.all.map(({ body }) => body)).toEqual([isThere ? `${MARKER} two one` : `${MARKER} two`]);
  });
});

describe('a comment that goes meanwhile', () => {
  it('is created again', async () => {
    const github = fakeGitHub({
      before: (call, comments) => {
        if (call === 'update' && comments.length === 1) comments.splice(0);
      },
    });
    github.add(`${MARKER} one`);
    expect(await writeSticky(github, 7, stickyOf('two'), true)).toMatchObject({ kind: 'created' });
    expect(github.all.map(({ body }) => body)).toEqual([`${MARKER} two`]);
  });

  it('is not taken for one that may not be touched', async () => {
    const github = fakeGitHub({
      before: (call) => {
        if (call === 'update') throw refusal('denied');
      },
    });
    github.add(`${MARKER} one`);
    await expect(writeSticky(github, 7, stickyOf('two'), true)).rejects.toThrow('no');
  });
});
