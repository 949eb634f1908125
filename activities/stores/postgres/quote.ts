/** A name as an identifier, quoted. */
export const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`;
