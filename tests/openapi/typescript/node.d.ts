declare const process: { env: unknown };
