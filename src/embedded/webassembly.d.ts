/** The one function of the global that we call: Node 20's types leave it out. */
declare namespace WebAssembly {
  function instantiate(
    bytes: Uint8Array,
    imports: Record<string, object>,
  ): Promise<{ instance: { exports: object } }>;
}
