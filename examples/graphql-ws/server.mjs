// A GraphQL subscription over graphql-ws: a subscriber hears of the next change, and of nothing before it.
import { createServer } from 'node:http';
import { GraphQLFloat, GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const waiting = new Set();

async function* changes() {
  while (true) yield { dashboard: await new Promise((resolve) => waiting.add(resolve)) };
}

const dashboard = new GraphQLObjectType({
  name: 'Dashboard',
  fields: { version: { type: new GraphQLNonNull(GraphQLFloat) }, open: { type: GraphQLInt } },
});
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { dashboard: { type: dashboard, resolve: () => null } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { dashboard: { type: dashboard, subscribe: changes } },
  }),
});

const http = createServer((request, response) => {
  request.setEncoding('utf8');
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    const change = { open: 12, ...JSON.parse(body) };
    const subscribers = [...waiting];
    waiting.clear();
    for (const tell of subscribers) tell(change);
    response.writeHead(204).end();
  });
});
useServer({ schema }, new WebSocketServer({ server: http, path: '/graphql' }));
http.listen(4103, '127.0.0.1');
