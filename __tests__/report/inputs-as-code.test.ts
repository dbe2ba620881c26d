/** What a text names that somebody is to type or paste is code, whole, in whichever part of the summary it stands. */
import { describe, expect, test } from '@jest/globals';
import { renderSummary } from '../../src/report/summary.ts';
import { outcomeOf, serviceRunOf } from '../fakes/literals.ts';
import { reportOf } from './reports.ts';

const ARN = 'arn:aws:ecs:us-east-1:123456789012:service-deployment/demo/web/AtDC9VXoRr5yBivKmqgt7';
const STATEMENT = '{"Effect":"Allow","Action":["ecs:DescribeServices"],"Resource":"*"}';

const CASES: readonly (readonly [string, string])[] = [
  [`Go on (service-deployment-arn: ${ARN}).`, `Go on \\(\`service-deployment-arn: ${ARN}\`\\).`],
  ['Go on (service-deployment-arn: d-ZSEHGIGSE).', 'Go on \\(`service-deployment-arn: d-ZSEHGIGSE`\\).'],
  [`Add the statement ${STATEMENT} to its policy.`, `Add the statement \`${STATEMENT}\` to its policy.`],
  ['mode: rollback does so.', '`mode: rollback` does so.'],
  [
    'With task-definition: running the base is what runs.',
    'With `task-definition: running` the base is what runs.',
  ],
  ['It is left as it is (on-failure: leave).', 'It is left as it is \\(`on-failure: leave`\\).'],
  [
    'still after 3 s (health-check-deadline-seconds).',
    'still after 3 s \\(`health-check-deadline-seconds`\\).',
  ],
  [
    'See https://x.example/a-health-check-url/b, *now*.',
    'See `https://x.example/a-health-check-url/b`, \\*now\\*.',
  ],
  [
    'Name the revision to go back to: task-definition: web:<revision>.',
    'Name the revision to go back to: `task-definition: web:<revision>`.',
  ],
  ['task-definition: the file is empty.', '`task-definition`: the file is empty.'],
  ['mode: nothing waits.', 'mode: nothing waits.'],
  [
    'Check the inputs service, cluster and aws-region, and the account.',
    'Check the inputs `service`, `cluster` and `aws-region`, and the account.',
  ],
  ['Compare the limits of the input metrics.', 'Compare the limits of the input `metrics`.'],
  ['It inputs a command; its service and cluster', 'It inputs a command; its service and cluster'],
  ['service "billing-name" and wait-for-minutes', 'service "billing-name" and `wait-for-minutes`'],
  ['`mode: rollback`', '\\``mode: rollback`\\`'],
];

describe.each(CASES)('%s', (text, shown) => {
  test('in the message, the hint and a warning', () => {
    const outcome = outcomeOf({ result: 'cancelled', cause: 'cancelled', message: text, hint: text });
    const summary = renderSummary(
      reportOf({ serviceRuns: [serviceRunOf({ outcome })] }, { warnings: [text] }),
    );
    expect(summary).toContain(`> \`cancelled\` ${shown}\n`);
    expect(summary).toContain(`**What to do:** ${shown}`);
  });

  test('in a warning', () => {
    const summary = renderSummary(reportOf({ serviceRuns: [serviceRunOf()] }, { warnings: [text] }));
    expect(summary).toContain(`> - ${shown}\n`);
  });
});
