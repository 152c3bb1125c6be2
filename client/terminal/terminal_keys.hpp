#pragma once

#include <histedit.h>

namespace client {

/// Binds what the keys of terminals send.
void bind_keys_of_terminals(EditLine* editor);

}  // namespace client
