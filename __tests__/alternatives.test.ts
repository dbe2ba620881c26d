/** The files of docs/alternatives: nobody deploys with them here, but they are what they say, and are valid. */
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

const FOLDER = 'docs/alternatives';
const platforms = readdirSync(FOLDER);
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('/'));
const guide = readFileSync('docs/alternatives.md', 'utf8');

function read(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8');
}

test('are these, and the guide names each of them', () => {
  expect(files.sort()).toEqual([
    'beanstalk/deploy.yml',
    'beanstalk/main.tf',
    'compose/compose.yaml',
    'compose/deploy.yml',
    'compose/nginx.conf',
    'express-mode/create.sh',
    'express-mode/deploy.yml',
    'lambda/Dockerfile',
    'lambda/handler.py',
    'lambda/main.tf',
  ]);
  for (const file of files) expect(guide).toContain(`(alternatives/${file})`);
});

describe('a workflow', () => {
  const workflows = files.filter((file) => file.endsWith('deploy.yml'));

  test('passes the check of workflows', () => {
    const folder = mkdtempSync(join(tmpdir(), 'workflows-'));
    try {
      for (const file of workflows) copyFileSync(join(FOLDER, file), join(folder, file.replace('/', '-')));
      const script = ['scripts/check-workflows.ts', folder];
      const { status, stdout } = spawnSync(process.execPath, script, { encoding: 'utf8' });
      expect([status, stdout]).toEqual([0, `${workflows.length} workflows, 0 problems\n`]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each(workflows)('%s uses the very actions that the own workflows use', (file) => {
    const uses = (text: string): string[] => [...text.matchAll(/uses: (.+)/g)].map(([, used = '']) => used);
    const own = uses(readFileSync('.github/workflows/deploy.yml', 'utf8'));
    expect(uses(read(file)).length).toBeGreaterThan(1);
    expect(uses(read(file)).filter((used) => !own.includes(used))).toEqual([]);
  });

  test.each(workflows)('%s names folders that there are', (file) => {
    const named = [...read(file).matchAll(/\b(docs\/alternatives\/\S+)/g)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
    expect(read(file)).toContain('--tag "$REPOSITORY:$GITHUB_SHA" backend\n');
  });

  test.each(workflows)('%s has scripts that bash can read', (file) => {
    const { jobs } = parse(read(file)) as { jobs: Record<string, { steps: { run?: string }[] }> };
    const scripts = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    for (const script of scripts) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
      expect(script).not.toContain('${{');
    }
  });
});

test('create.sh can be read by bash', () => {
  const { status, stderr } = spawnSync('bash', ['-n', join(FOLDER, 'express-mode/create.sh')], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
});

test('compose.yaml gives nginx what nginx.conf reads, and the service no rights', () => {
  const { services, volumes } = parse(read('compose/compose.yaml')) as {
    services: Record<string, { volumes?: string[]; read_only?: boolean; cap_drop?: string[] }>;
    volumes: object;
  };
  const mounted = (services['nginx']?.volumes ?? []).map((volume) => volume.split(':')[1] ?? '');
  const conf = read('compose/nginx.conf');
  for (const path of ['/etc/letsencrypt', '/var/www/certbot']) {
    expect(mounted).toContain(path);
    expect(conf).toContain(path);
  }
  expect(conf).toContain('http://backend:8000');
  expect(services['backend']).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  expect(Object.keys(volumes)).toEqual(['certificates', 'webroot']);
});

test('every platform with files has a section that says what to create', () => {
  expect(guide.match(/\*\*Create it:\*\*/g)).toHaveLength(platforms.length + 1);
});
