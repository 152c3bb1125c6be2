#include "client/bracketed_paste.hpp"

namespace client {

void BracketedPaste::take(char byte, std::deque<Stroke>& strokes) {
  const auto kind = pasting_ ? Stroke::Kind::pasted : Stroke::Kind::typed;
  const auto sequence = pasting_ ? end : begin;
  if (byte == sequence[matched_]) {
    if (++matched_ < sequence.size()) return;
    strokes.push_back({pasting_ ? Stroke::Kind::paste_ends : Stroke::Kind::paste_begins});
    pasting_ = !pasting_;
    matched_ = 0;
    return;
  }
  // Its first byte occurs nowhere else in it: what has matched is no part of another one.
  for (const char held : sequence.substr(0, matched_))
    strokes.push_back({kind, held});
  matched_ = byte == sequence.front() ? 1 : 0;
  if (matched_ == 0) strokes.push_back({kind, byte});
}

}  // namespace client
