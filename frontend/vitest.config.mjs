// What is pure is tested without a browser; what only a browser can show is tested in browser/.
export default { test: { include: ["test/**/*.test.ts"], setupFiles: ["test/setup.ts"] } };
