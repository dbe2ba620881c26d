import tseslint from 'typescript-eslint';
import { unionsByKind } from './scripts/unions-by-kind.ts';

const NO_SYNTAX = [
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
  { selector: 'TSEnumDeclaration', message: 'Use a closed union.' },
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'backend/.venv/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-syntax': ['error', ...NO_SYNTAX],
      eqeqeq: ['error', 'always'],
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { house: { rules: { 'unions-by-kind': unionsByKind } } },
    rules: {
      'house/unions-by-kind': 'error',
      'no-restricted-syntax': [
        'error',
        ...NO_SYNTAX,
        {
          selector: "BinaryExpression[operator='in'] > Literal.left",
          message:
            'Tell the members of a union apart by their kind; ask a foreign object with Object.hasOwn.',
        },
      ],
    },
  },
  {
    files: ['__tests__/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
