// DuckDB in process over a table of bars: a line of JSON with a query in, one with
// the seconds that it took out.
//
//   node duckdb_peer.js MODULES CSV
//
// The query "hand" is timed twice, kept as a table and handed over in the columns
// that it has in memory; the faster one counts. The query "print" is written as CSV
// to nowhere. It may use all cores.
'use strict';

const readline = require('node:readline');
const { createRequire } = require('node:module');
const { DuckDBInstance } = createRequire(`${process.argv[2]}/`)('@duckdb/node-api');

const seconds = (began) => (performance.now() - began) / 1000;

async function fetched(connection, sql) {
  const began = performance.now();
  const result = await connection.stream(sql);
  let rows = 0;
  let chunk = await result.fetchChunk();

  while (chunk !== null && chunk.rowCount > 0) {
    rows += chunk.rowCount;
    chunk = await result.fetchChunk();
  }
  return { seconds: seconds(began), rows };
}

async function kept(connection, sql) {
  const began = performance.now();

  await connection.run(`CREATE OR REPLACE TEMP TABLE kept AS ${sql}`);
  return { seconds: seconds(began), rows: 0 };
}

async function handed(connection, sql) {
  const columns = await fetched(connection, sql);
  const table = await kept(connection, sql);

  return { seconds: Math.min(columns.seconds, table.seconds), rows: columns.rows };
}

async function printed(connection, sql) {
  const began = performance.now();

  await connection.run(`COPY (${sql}) TO '/dev/null' (FORMAT csv, USE_TMP_FILE false)`);
  return { seconds: seconds(began), rows: 0 };
}

async function main() {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const began = performance.now();

  await connection.run(`CREATE TABLE bars AS FROM read_csv('${process.argv[3]}')`);
  console.log(JSON.stringify({ seconds: seconds(began), rows: 0 }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { hand, print } = JSON.parse(line);

    console.log(JSON.stringify(hand ? await handed(connection, hand) : await printed(connection, print)));
  }
}

main();
