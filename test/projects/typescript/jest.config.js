module.exports = {
  projects: [
    { displayName: 'default', testMatch: ['<rootDir>/*.test.js'] },
    {
      displayName: 'ts-jest',
      testMatch: ['<rootDir>/*.spec.ts'],
      transform: { '\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.jest.json' }] },
    },
  ],
};
