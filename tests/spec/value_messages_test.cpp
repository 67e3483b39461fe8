// Every message about a single value, word for word.

#include <gtest/gtest.h>

#include "rendered.hpp"

namespace smoothbound {
namespace {

using test::rendered;

TEST(ValueMessage, Counts) {
  EXPECT_EQ(rendered("units_zero.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 0
)"),
            R"(units_zero.yaml:3:12: error: units must be at least 1
 3 |   - dense: 0
   |            ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(rendered("units_neg.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: -1
)"),
            R"(units_neg.yaml:3:12: error: units must not be negative
 3 |   - dense: -1
   |            ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(rendered("units_frac.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 2.5
)"),
            R"(units_frac.yaml:3:12: error: units must be an integer
 3 |   - dense: 2.5
   |            ^
hint: write a whole number such as 3
)");
  EXPECT_EQ(rendered("units_em3.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 1e-3
)"),
            R"(units_em3.yaml:3:12: error: units must be an integer
 3 |   - dense: 1e-3
   |            ^
hint: write a whole number such as 3
)");
  EXPECT_EQ(rendered("units_big.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 9223372036854775808
)"),
            R"(units_big.yaml:3:12: error: units is too large
 3 |   - dense: 9223372036854775808
   |            ^
hint: at most 9223372036854775807
)");
  EXPECT_EQ(rendered("units_huge.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 1e400
)"),
            R"(units_huge.yaml:3:12: error: units is too large
 3 |   - dense: 1e400
   |            ^
hint: at most 9223372036854775807
)");
}

TEST(ValueMessage, NumbersOfOtherNotations) {
  EXPECT_EQ(rendered("units_octal.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 010
)"),
            R"(units_octal.yaml:3:12: error: units must be a number, not '010'
 3 |   - dense: 010
   |            ^
hint: numbers are decimal and have no leading zero: write 10
)");
  EXPECT_EQ(rendered("units_hex.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 0x1F
)"),
            R"(units_hex.yaml:3:12: error: units must be a number, not '0x1F'
 3 |   - dense: 0x1F
   |            ^
hint: write the number in decimal
)");
  EXPECT_EQ(rendered("units_under.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 1_000
)"),
            R"(units_under.yaml:3:12: error: units must be a number, not '1_000'
 3 |   - dense: 1_000
   |            ^
hint: write the digits without '_'
)");
  EXPECT_EQ(rendered("units_nan.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: .nan
)"),
            R"(units_nan.yaml:3:12: error: units must be a number, not '.nan'
 3 |   - dense: .nan
   |            ^
hint: settings are finite numbers
)");
  EXPECT_EQ(rendered("units_yes.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: yes
)"),
            R"(units_yes.yaml:3:12: error: units must be a number, not 'yes'
 3 |   - dense: yes
   |            ^
hint: write a number such as 3
)");
  EXPECT_EQ(rendered("units_null.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: null
)"),
            R"(units_null.yaml:3:12: error: units must be a number, not 'null'
 3 |   - dense: null
   |            ^
hint: write a number such as 3
)");
  EXPECT_EQ(rendered("dense_word.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: ten
)"),
            R"(dense_word.yaml:3:12: error: units must be a number, not 'ten'
 3 |   - dense: ten
   |            ^
hint: write a number such as 3
)");
  EXPECT_EQ(rendered("dense_quoted.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: "10"
)"),
            R"(dense_quoted.yaml:3:12: error: units must be a number, not the text '10'
 3 |   - dense: "10"
   |            ^
hint: remove the quotes
)");
  EXPECT_EQ(rendered("dense_list.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: [3]
)"),
            R"(dense_list.yaml:3:12: error: units must be a single value, not a list
 3 |   - dense: [3]
   |            ^
hint: write one word or number in its place
)");
}

TEST(ValueMessage, Reals) {
  EXPECT_EQ(rendered("eps_nan.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {epsilon: .nan}}]}
)"),
            R"(eps_nan.yaml:3:46: error: epsilon must be a number, not '.nan'
 3 |   - {dense: 3, then: [{batch_norm: {epsilon: .nan}}]}
   |                                              ^
hint: settings are finite numbers
)");
  EXPECT_EQ(rendered("eps_inf.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {epsilon: .inf}}]}
)"),
            R"(eps_inf.yaml:3:46: error: epsilon must be a number, not '.inf'
 3 |   - {dense: 3, then: [{batch_norm: {epsilon: .inf}}]}
   |                                              ^
hint: settings are finite numbers
)");
  EXPECT_EQ(rendered("eps_e400.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {epsilon: 1e400}}]}
)"),
            R"(eps_e400.yaml:3:46: error: epsilon is too large: beyond the largest double
 3 |   - {dense: 3, then: [{batch_norm: {epsilon: 1e400}}]}
   |                                              ^
hint: numbers must lie between 1e-307 and 1e308
)");
  EXPECT_EQ(rendered("eps_em400.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {epsilon: 1e-400}}]}
)"),
            R"(eps_em400.yaml:3:46: error: epsilon is too small: below the smallest positive double
 3 |   - {dense: 3, then: [{batch_norm: {epsilon: 1e-400}}]}
   |                                              ^
hint: numbers must lie between 1e-307 and 1e308
)");
  EXPECT_EQ(rendered("eps_neg.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {epsilon: -1e-3}}]}
)"),
            R"(eps_neg.yaml:3:46: error: epsilon must not be negative
 3 |   - {dense: 3, then: [{batch_norm: {epsilon: -1e-3}}]}
   |                                              ^
hint: remove the minus sign
)");
  EXPECT_EQ(rendered("eps_plus.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {epsilon: +1}}]}
)"),
            R"(eps_plus.yaml:3:46: error: epsilon must be a number, not '+1'
 3 |   - {dense: 3, then: [{batch_norm: {epsilon: +1}}]}
   |                                              ^
hint: write numbers as in 12, 0.5 or 1e-3
)");
  EXPECT_EQ(rendered("eps_dot.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {epsilon: .5}}]}
)"),
            R"(eps_dot.yaml:3:46: error: epsilon must be a number, not '.5'
 3 |   - {dense: 3, then: [{batch_norm: {epsilon: .5}}]}
   |                                              ^
hint: write numbers as in 12, 0.5 or 1e-3
)");
  EXPECT_EQ(rendered("eps_dotend.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {epsilon: 5.}}]}
)"),
            R"(eps_dotend.yaml:3:46: error: epsilon must be a number, not '5.'
 3 |   - {dense: 3, then: [{batch_norm: {epsilon: 5.}}]}
   |                                              ^
hint: write numbers as in 12, 0.5 or 1e-3
)");
  EXPECT_EQ(rendered("eps_word.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {epsilon: small}}]}
)"),
            R"(eps_word.yaml:3:46: error: epsilon must be a number, not 'small'
 3 |   - {dense: 3, then: [{batch_norm: {epsilon: small}}]}
   |                                              ^
hint: write a number such as 12, 0.5 or 1e-3
)");
  EXPECT_EQ(rendered("beta_zero.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{softplus: 0}]}
)"),
            R"(beta_zero.yaml:3:34: error: beta must be positive
 3 |   - {dense: 3, then: [{softplus: 0}]}
   |                                  ^
hint: write a number above 0
)");
  EXPECT_EQ(rendered("radius.yaml", R"(input: {shape: [3]}
layers: [{dense: 1, radius: -2}]
)"),
            R"(radius.yaml:2:29: error: radius must not be negative
 2 | layers: [{dense: 1, radius: -2}]
   |                             ^
hint: remove the minus sign
)");
  EXPECT_EQ(rendered("accuracy.yaml", R"(accuracy: 0
input: {shape: [3]}
layers: [{dense: 1}]
)"),
            R"(accuracy.yaml:1:11: error: accuracy must be positive
 1 | accuracy: 0
   |           ^
hint: write a number above 0
)");
  EXPECT_EQ(rendered("loss8.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
loss: {k_means: {clusters: 0}}
)"),
            R"(loss8.yaml:3:28: error: clusters must be at least 1
 3 | loss: {k_means: {clusters: 0}}
   |                            ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(rendered("loss3.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
loss: {square: {label_radius: -1}}
)"),
            R"(loss3.yaml:3:31: error: label_radius must not be negative
 3 | loss: {square: {label_radius: -1}}
   |                               ^
hint: remove the minus sign
)");
}

TEST(ValueMessage, Flags) {
  EXPECT_EQ(rendered("bias_yes.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, bias: yes}
)"),
            R"(bias_yes.yaml:3:22: error: bias must be true or false, not 'yes'
 3 |   - {dense: 3, bias: yes}
   |                      ^
hint: write true
)");
  EXPECT_EQ(rendered("bias_on.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, bias: on}
)"),
            R"(bias_on.yaml:3:22: error: bias must be true or false, not 'on'
 3 |   - {dense: 3, bias: on}
   |                      ^
hint: write true
)");
  EXPECT_EQ(rendered("bias_one.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, bias: 1}
)"),
            R"(bias_one.yaml:3:22: error: bias must be true or false, not '1'
 3 |   - {dense: 3, bias: 1}
   |                      ^
hint: write true
)");
  EXPECT_EQ(rendered("bias_qtrue.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, bias: 'true'}
)"),
            R"(bias_qtrue.yaml:3:22: error: bias must be true or false, not 'true'
 3 |   - {dense: 3, bias: 'true'}
   |                      ^
hint: write true
)");
  EXPECT_EQ(rendered("bias_True.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, bias: True}
)"),
            R"(bias_True.yaml:3:22: error: bias must be true or false, not 'True'
 3 |   - {dense: 3, bias: True}
   |                      ^
hint: write true
)");
  EXPECT_EQ(rendered("bias_null.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, bias: }
)"),
            R"(bias_null.yaml:3:22: error: bias must be true or false, not nothing
 3 |   - {dense: 3, bias: }
   |                      ^
hint: write true or false, unquoted
)");
  EXPECT_EQ(rendered("bias_maybe.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, bias: maybe}
)"),
            R"(bias_maybe.yaml:3:22: error: bias must be true or false, not 'maybe'
 3 |   - {dense: 3, bias: maybe}
   |                      ^
hint: write true or false, unquoted
)");
}

TEST(ValueMessage, Choices) {
  EXPECT_EQ(rendered("per.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {per: chanel}}]}
)"),
            R"(per.yaml:3:42: error: unknown per 'chanel'
 3 |   - {dense: 3, then: [{batch_norm: {per: chanel}}]}
   |                                          ^
hint: did you mean 'channel'?
)");
  EXPECT_EQ(rendered("per2.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{batch_norm: {per: x}}]}
)"),
            R"(per2.yaml:3:42: error: unknown per 'x'
 3 |   - {dense: 3, then: [{batch_norm: {per: x}}]}
   |                                          ^
hint: one of: element, channel
)");
  EXPECT_EQ(rendered("pad_word.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 3, padding: full}
)"),
            R"(pad_word.yaml:3:44: error: unknown padding 'full'
 3 |   - conv: {filters: 4, kernel: 3, padding: full}
   |                                            ^
hint: 'same', 'valid', a number, or one for each axis
)");
  EXPECT_EQ(rendered("loss.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
loss: logistc
)"),
            R"(loss.yaml:3:7: error: unknown loss 'logistc'
 3 | loss: logistc
   |       ^
hint: did you mean 'logistic'?
)");
}

TEST(ValueMessage, Names) {
  EXPECT_EQ(rendered("name_number.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: 3, dense: 4}
)"),
            R"(name_number.yaml:3:12: error: name must be text, not '3'
 3 |   - {name: 3, dense: 4}
   |            ^
hint: put it in quotes if it is meant as text
)");
  EXPECT_EQ(rendered("name_null.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: , dense: 4}
)"),
            R"(name_null.yaml:3:12: error: name must be text, not nothing
 3 |   - {name: , dense: 4}
   |            ^
hint: write a word behind it, or leave the key out
)");
  EXPECT_EQ(rendered("name_empty.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: "", dense: 4}
)"),
            R"(name_empty.yaml:3:12: error: the name is empty
 3 |   - {name: "", dense: 4}
   |            ^
hint: choose a name, or leave it out
)");
  EXPECT_EQ(rendered("name_input.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: input, dense: 4}
)"),
            R"(name_input.yaml:3:12: error: 'input' is the name of the network's input
 3 |   - {name: input, dense: 4}
   |            ^
hint: choose another name
)");
}

// nn.LayerNorm(16), as other libraries write it, is no epsilon of 16.
TEST(ValueMessage, ANumberOfFeaturesIsNoEpsilon) {
  EXPECT_EQ(rendered("features.yaml", R"(input: {shape: [16]}
layers:
  - {dense: 16, then: [layer_norm: 16]}
)"),
            R"(features.yaml:3:36: error: layer_norm: 16 would be epsilon = 16
 3 |   - {dense: 16, then: [layer_norm: 16]}
   |                                    ^
hint: the number of features follows from the input: leave it out; if it is meant, write layer_norm: {epsilon: 16}
)");
  EXPECT_EQ(rendered("small.yaml", R"(input: {shape: [16]}
layers:
  - {dense: 16, then: [layer_norm: 0.5, {layer_norm: {epsilon: 16}}]}
)"),
            "");
}

}  // namespace
}  // namespace smoothbound
