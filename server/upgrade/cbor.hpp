#pragma once

/// The numbers of CBOR (RFC 8949, section 3) that the reader and the writer use.
namespace server::cbor {

/// The kind of an item (major type): the upper three bits of its first byte.
enum Kind : unsigned { number, negative_number, bytes, text, array, map, tag, simple };

/// First bytes that mean all of an item, or its beginning.
inline constexpr unsigned begin_array = 0x9F;  ///< of indefinite length, up to `end`
inline constexpr unsigned begin_map = 0xBF;    ///< the same
inline constexpr unsigned no = 0xF4;           ///< false
inline constexpr unsigned yes = 0xF5;          ///< true
inline constexpr unsigned null = 0xF6;
inline constexpr unsigned real = 0xFB;  ///< eight bytes of IEEE 754 follow
inline constexpr unsigned end = 0xFF;   ///< the break

}  // namespace server::cbor
