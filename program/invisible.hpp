#pragma once

#include <algorithm>
#include <array>

/// Shared by the service and the client.
namespace program {

struct CharacterRange {
  char32_t first;
  char32_t last;
};

/// Characters beyond ASCII that show nothing themselves, but change the text or hide in it: control
/// and format characters, line and paragraph separators (Unicode categories Cc, Cf, Zl, Zp, which
/// include the bidirectional controls of Unicode Annex 9), and what has the property
/// Default_Ignorable_Code_Point, such as fillers, variation selectors and tags. Unicode 15.
inline constexpr std::array invisible_characters = std::to_array<CharacterRange>(
    {{0x80, 0x9F},       {0xAD, 0xAD},       {0x34F, 0x34F},     {0x600, 0x605},
     {0x61C, 0x61C},     {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},
     {0x8E2, 0x8E2},     {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
     {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},   {0x3164, 0x3164},
     {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
     {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3},
     {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}});

/// Whether a character beyond ASCII is one of those; the others may be shown.
constexpr bool is_invisible(char32_t character) {
  const auto* const range = std::lower_bound(
      invisible_characters.begin(), invisible_characters.end(), character,
      [](const CharacterRange& candidate, char32_t value) { return candidate.last < value; });
  return range != invisible_characters.end() && character >= range->first;
}

}  // namespace program
