"""snarkjs's and circom's files, read with strict bounds and written byte for byte. Every refusal is a
`FormatError`."""
