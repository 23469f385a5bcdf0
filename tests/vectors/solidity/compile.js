// Source on standard input, settings as argument; prints version, ABI, creation code and the runtime code's size of the last contract.
const solc = require('solc');
const settings = JSON.parse(process.argv[2]);
settings.outputSelection = {'*': {'*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object']}};
const sources = {'v.sol': {content: require('fs').readFileSync(0, 'utf8')}};
const out = JSON.parse(solc.compile(JSON.stringify({language: 'Solidity', sources, settings})));
const contract = Object.values(out.contracts['v.sol']).at(-1);
console.log(JSON.stringify({
  version: 'solc ' + solc.version(),
  abi: contract.abi,
  bytecode: contract.evm.bytecode.object,
  size: contract.evm.deployedBytecode.object.length / 2,
}));
