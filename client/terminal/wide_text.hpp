#pragma once

#include <string>
#include <string_view>

/// Lines as the editor has them: a wchar_t for each character of the locale's encoding. A byte that
/// is part of no character becomes one of U+DC00 to U+DCFF, which no text contains, so that a line
/// is sent exactly as it was typed.
namespace client {

/// Decodes bytes that come one by one.
class WideDecoder {
 public:
  /// Returns the characters that are complete with this byte: mostly one, none within a character,
  /// several if the byte shows that those before it are no character.
  std::wstring take(char byte);
  /// Returns, and forgets, the bytes of a character that will not be completed.
  std::wstring rest();

 private:
  std::string partial_;
};

std::wstring widened(std::string_view bytes);
std::string narrowed(std::wstring_view characters);

/// The character that stands for a byte that is part of none.
wchar_t as_byte(char byte);

}  // namespace client
