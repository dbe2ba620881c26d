import { describe, expect, it } from '@jest/globals';
import { findRevision, loadBase, loadRevision } from '../../src/task-definition/load.ts';
import { denied, expired, unanswered } from '../fakes/aws-errors.ts';
import { definitionOf, revisionArn, snapshotOf } from '../fakes/literals.ts';
import { SILENCE } from '../../src/runtime/log.ts';
import { fakeRevisions } from '../fakes/revisions.ts';

const at = (workspace: string) => ({ workspace, log: SILENCE });

const HELD = { 'backend:6': definitionOf(['six']), 'backend:7': definitionOf(), 'other:1': definitionOf() };

describe('a base', () => {
  it.each([
    [{ kind: 'latest-of-service' }, 'backend:7', 'backend:7, the latest revision of its family'],
    [{ kind: 'family', family: 'other' }, 'other:1', 'other:1, the latest revision of its family'],
    [{ kind: 'revision', reference: 'backend:6' }, 'backend:6', 'backend:6'],
    [{ kind: 'revision', reference: revisionArn('backend:6') }, 'backend:6', 'backend:6'],
    [{ kind: 'running' }, 'backend:6', 'backend:6, which runs now'],
  ] as const)('%j is %s', async (base, name, origin) => {
    const services = [snapshotOf({ taskDefinitionArn: revisionArn('backend:6') })];
    const loaded = await loadBase(fakeRevisions(HELD), base, services, at('/nowhere'));
    expect(loaded).toMatchObject({ arn: revisionArn(name), origin });
  });

  describe('of a family that is named', () => {
    const past = (name: string, verdict: 'failed' | 'good' | 'open') => ({
      taskDefinitionArn: revisionArn(name),
      serviceDeploymentArn: undefined,
      serviceRevisionArn: `of-${name}`,
      images: [],
      verdict,
      rolledBack: false,
      finishedAt: undefined,
    });
    const serviceOn = (name: string, ...history: ReturnType<typeof past>[]) =>
      snapshotOf({
        taskDefinitionArn: revisionArn(name),
        past: history,
        lastGood: history.find(({ verdict }) => verdict === 'good'),
      });
    const load = (family: string, services: ReturnType<typeof serviceOn>[], more = {}) =>
      loadBase(fakeRevisions(HELD, more), { kind: 'family', family }, services, at('/'));
    const worker = serviceOn('worker:1', past('worker:1', 'good'));

    it.each([
      ['failed', 'backend:7 failed here'],
      ['open', 'backend:7 is still being deployed here'],
    ] as const)('is none that the history of a service calls %s', async (verdict, against) => {
      const backend = serviceOn('backend:7', past('backend:7', verdict), past('backend:6', 'good'));
      expect(await load('backend', [worker, backend])).toMatchObject({
        arn: revisionArn('backend:6'),
        origin: 'backend:6, the latest good revision of its family',
        passedOver: [against],
      });
    });

    it('is the one before, where no service has run the family with success', async () => {
      const moved = serviceOn('backend:7', past('backend:7', 'failed'), past('worker:9', 'good'));
      expect(await load('backend', [moved])).toMatchObject({ arn: revisionArn('backend:6') });
    });

    it('is the last good one, where all later ones failed and the one itself is deregistered', async () => {
      const backend = serviceOn('backend:7', past('backend:7', 'failed'), past('backend:6', 'good'));
      expect(await load('backend', [worker, backend], { inactive: ['backend:6'] })).toMatchObject({
        arn: undefined,
        origin: 'backend:6, the last good revision (deregistered: its content is registered again)',
        passedOver: ['backend:7 failed here'],
      });
    });

    it('is the latest one where no other can be told to be better, with what speaks against it', async () => {
      const moved = serviceOn('other:1', past('other:1', 'failed'), past('backend:7', 'good'));
      expect(await load('other', [moved, worker])).toMatchObject({
        arn: revisionArn('other:1'),
        origin: 'other:1, the latest revision of its family, which failed here',
      });
      const tags = [{ key: 'ecs-fargate-deploy', value: 'failed' }];
      expect(await load('backend', [], { tags })).toMatchObject({
        arn: revisionArn('backend:7'),
        origin: 'backend:7, the latest revision of its family, which is marked as failed',
      });
    });
  });

  it('keeps its tags, and loses what only AWS may write', async () => {
    const tags = [{ key: 'team', value: 'a' }];
    const { definition } = await loadRevision(fakeRevisions(HELD, { tags }), 'backend:7');
    expect(definition).toEqual({ ...HELD['backend:7'], tags });
  });

  it('that was deregistered cannot be deployed again, and says so', async () => {
    const loaded = await loadRevision(fakeRevisions(HELD, { inactive: ['backend:6'] }), 'backend:6');
    expect(loaded).toMatchObject({
      arn: undefined,
      origin: 'backend:6 (deregistered: its content is registered again)',
    });
  });

  it('that is not there is an error that says how to list what is', async () => {
    await expect(loadRevision(fakeRevisions(HELD), revisionArn('web:1'))).rejects.toMatchObject({
      conclusion: {
        cause: 'invalid-input',
        hint: 'List what is there: aws ecs list-task-definitions --region eu-central-1',
      },
      message: 'Task definition "web:1" was not found in eu-central-1.',
    });
    await expect(findRevision(fakeRevisions(HELD), 'web')).resolves.toBeUndefined();
  });

  it.each([
    ['denied', denied(), 'access-denied'],
    ['expired', expired(), 'credentials-expired'],
    ['unanswered', unanswered(), 'unknown'],
  ])('that cannot be read is an error of its own: %s', async (_why, describing, cause) => {
    await expect(findRevision(fakeRevisions(HELD, { describing }), 'backend')).rejects.toMatchObject({
      conclusion: { cause },
      message: expect.stringContaining('reading task definition backend'),
    });
  });
});

describe('several services', () => {
  const one = snapshotOf({ taskDefinitionArn: revisionArn('backend:6') });
  const two = snapshotOf({ taskDefinitionArn: revisionArn('backend:7') });
  const other = snapshotOf({ taskDefinitionArn: revisionArn('other:1') });

  it('of one family start from its latest revision', async () => {
    const loaded = await loadBase(fakeRevisions(HELD), { kind: 'latest-of-service' }, [one, two], at('/'));
    expect(loaded.arn).toBe(revisionArn('backend:7'));
  });

  it('of different families need to be told which one they get', async () => {
    const loading = loadBase(fakeRevisions(HELD), { kind: 'latest-of-service' }, [one, other], at('/'));
    await expect(loading).rejects.toMatchObject({
      conclusion: { cause: 'invalid-input' },
      message:
        'The services run revisions of different families (backend, other): task-definition must say which one they get.',
    });
  });

  it('that run different revisions cannot all get the running one', async () => {
    const loading = loadBase(fakeRevisions(HELD), { kind: 'running' }, [one, two], at('/'));
    await expect(loading).rejects.toMatchObject({ conclusion: { cause: 'invalid-input' } });
  });
});
