// A ZIP archive whose files are stored, not compressed: bundles are mostly base64 and small. The same
// files give the same bytes. No ZIP64: below 4 GiB and 65,535 files. PKWARE APPNOTE 6.3.10, 4.3.
import { crc32 } from "node:zlib";
import { quote, SigstepError } from "../errors.ts";

/** A file to pack. */
export interface ZipEntry {
  /** Relative, with forward slashes. */
  readonly name: string;
  readonly content: Uint8Array;
}

const maxBytes = 512 * 1024 * 1024;
const maxEntries = 10_000;
/** 1 January 1980, 0 h: the first day of MS-DOS, so that no clock shows. */
const dosTime = 0;
const dosDate = 0x21;
/** Version 2.0; names are UTF-8 (bit 11); stored. */
const version = 20;
const flags = 0x0800;
const stored = 0;

/**
 * An archive of `entries`, in order.
 *
 * @throws SigstepError INPUT_NAME for names that could leave the folder it is unpacked in, and
 * STORE_REFUSED above 512 MiB or 10,000 files.
 */
export function packZip(entries: readonly ZipEntry[]): Uint8Array {
  checkSizes(entries);
  const records: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of entries) {
    checkName(name);
    const encoded = Buffer.from(name, "utf8");
    const facts = describe(encoded, content);
    records.push(localHeader(facts), encoded, Buffer.from(content));
    directory.push(directoryHeader(facts, offset), encoded);
    offset += 30 + encoded.length + content.byteLength;
  }
  const central = Buffer.concat(directory);
  return Buffer.concat([...records, central, endRecord(entries.length, central.length, offset)]);
}

function checkSizes(entries: readonly ZipEntry[]): void {
  const total = entries.reduce((sum, { content }) => sum + content.byteLength, 0);
  if (total <= maxBytes && entries.length <= maxEntries) return;
  throw new SigstepError(
    "STORE_REFUSED",
    `${entries.length} files of ${total} bytes are too many for one archive.`,
    { hint: `At most ${maxEntries} files and ${maxBytes} bytes fit: use release assets.` },
  );
}

/** Names that every system can unpack, below the folder. */
function checkName(name: string): void {
  const parts = name.split("/");
  const isBad = parts.some((part) => /^\.{0,2}$/.test(part) || /[\p{Cc}":<>|*?\\]/u.test(part));
  if (!isBad && Buffer.byteLength(name) <= 1024) return;
  throw new SigstepError(
    "INPUT_NAME",
    `${quote(name)} cannot be the name of a file in an archive.`,
    {
      hint: 'Take out " : < > | * ? \\ and control characters, and .. and empty folders.',
      where: name.slice(0, 100),
    },
  );
}

/** The part that both headers share: from "version needed" to "extra field length". */
function describe(name: Buffer, content: Uint8Array): Buffer {
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(version, 0);
  facts.writeUInt16LE(flags, 2);
  facts.writeUInt16LE(stored, 4);
  facts.writeUInt16LE(dosTime, 6);
  facts.writeUInt16LE(dosDate, 8);
  facts.writeUInt32LE(crc32(content), 10);
  facts.writeUInt32LE(content.byteLength, 14);
  facts.writeUInt32LE(content.byteLength, 18);
  facts.writeUInt16LE(name.length, 22);
  return facts;
}

function localHeader(facts: Buffer): Buffer {
  return Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), facts]);
}

function directoryHeader(facts: Buffer, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.write("PK\x01\x02", "latin1");
  header.writeUInt16LE(version, 4);
  facts.copy(header, 6);
  header.writeUInt32LE(offset, 42);
  return header;
}

function endRecord(count: number, size: number, offset: number): Buffer {
  const record = Buffer.alloc(22);
  record.write("PK\x05\x06", "latin1");
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(size, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}
