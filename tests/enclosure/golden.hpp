// Numbers of enclosures as they were: searches hold bounds from one side, these from both. What
// grows or shrinks is to be meant.
#pragma once

#include <string>

namespace smoothbound::test {

/// Compares lines of a name and numbers with those of a file in tests/golden/enclosures, or writes
/// it where the environment has SMOOTHBOUND_UPDATE_GOLDENS. Numbers agree up to 1e-7 of their size,
/// as products of matrices and functions of the standard library differ between machines. Of a line
/// "F lower upper" the distance of both is compared, too. A number behind a ~ may be off by 1e-7 of
/// the next one, as differences are, one behind a ! by 2e-13 of its size only, behind a = by 4e-15.
void check_golden(const std::string& name, const std::string& text);

}  // namespace smoothbound::test
