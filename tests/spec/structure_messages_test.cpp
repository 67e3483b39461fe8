// Every message about keys and components, word for word.

#include <gtest/gtest.h>

#include "rendered.hpp"

namespace smoothbound {
namespace {

using test::rendered;

TEST(StructureMessage, UnknownKeys) {
  EXPECT_EQ(rendered("unknown_top.yaml", R"(input: {shape: [3]}
layer: [{dense: 1}]
)"),
            R"(unknown_top.yaml:2:1: error: unknown key 'layer' in the architecture
 2 | layer: [{dense: 1}]
   | ^
hint: did you mean 'layers'?
)");
  EXPECT_EQ(rendered("unknown_top2.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
bacth: 3
)"),
            R"(unknown_top2.yaml:3:1: error: unknown key 'bacth' in the architecture
 3 | bacth: 3
   | ^
hint: did you mean 'batch'?
)");
  EXPECT_EQ(rendered("unknown_top3.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
zzz: 3
)"),
            R"(unknown_top3.yaml:3:1: error: unknown key 'zzz' in the architecture
 3 | zzz: 3
   | ^
hint: known keys: $schema, name, batch, radius, regularizer, initial_gap, accuracy, variance, loss, input, layers
)");
  EXPECT_EQ(rendered("unknown_setting.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 3, strid: 2}
)"),
            R"(unknown_setting.yaml:3:35: error: unknown key 'strid' in conv
 3 |   - conv: {filters: 4, kernel: 3, strid: 2}
   |                                   ^
hint: did you mean 'stride'?
)");
  EXPECT_EQ(rendered("unknown_setting2.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 3, bias: false}
)"),
            R"(unknown_setting2.yaml:3:35: error: 'bias' is not a setting of conv
 3 |   - conv: {filters: 4, kernel: 3, bias: false}
   |                                   ^
hint: write it beside 'conv', as a key of the layer itself
)");
  EXPECT_EQ(rendered("loss2.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
loss: {logistic: {label_radius: 1}}
)"),
            R"(loss2.yaml:3:19: error: unknown key 'label_radius' in logistic
 3 | loss: {logistic: {label_radius: 1}}
   |                   ^
hint: known keys: label_smoothing
)");
  EXPECT_EQ(rendered("loss7.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
loss: {k_means: {cluster: 3}}
)"),
            R"(loss7.yaml:3:18: error: unknown key 'cluster' in k_means
 3 | loss: {k_means: {cluster: 3}}
   |                  ^
hint: did you mean 'clusters'?
)");
}

TEST(StructureMessage, UnknownComponents) {
  EXPECT_EQ(rendered("unknown_component.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - convv: {filters: 4, kernel: 3}
)"),
            R"(unknown_component.yaml:3:5: error: unknown key or component 'convv' in the layer
 3 |   - convv: {filters: 4, kernel: 3}
   |     ^
hint: did you mean 'conv'?
)");
  EXPECT_EQ(rendered("unknown_component2.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - lstm: 3
)"),
            R"(unknown_component2.yaml:3:5: error: unknown key or component 'lstm' in the layer
 3 |   - lstm: 3
   |     ^
hint: recurrent layers are unrolled: an entry for each step, with share; see architectures/rnn.yaml
)");
  EXPECT_EQ(rendered("unknown_map.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [sofplus]}
)"),
            R"(unknown_map.yaml:3:23: error: unknown component 'sofplus'
 3 |   - {dense: 3, then: [sofplus]}
   |                       ^
hint: did you mean 'softplus'?
)");
  EXPECT_EQ(rendered("unknown_map2.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [lstm]}
)"),
            R"(unknown_map2.yaml:3:23: error: unknown component 'lstm'
 3 |   - {dense: 3, then: [lstm]}
   |                       ^
hint: recurrent layers are unrolled: an entry for each step, with share; see architectures/rnn.yaml
)");
  EXPECT_EQ(rendered("then_number.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [3]}
)"),
            R"(then_number.yaml:3:23: error: unknown component '3'
 3 |   - {dense: 3, then: [3]}
   |                       ^
hint: 'smoothbound layers' lists the components
)");
}

TEST(StructureMessage, MissingKeys) {
  EXPECT_EQ(rendered("no_input.yaml", R"(layers: [{dense: 1}]
)"),
            R"(no_input.yaml:1:1: error: the architecture has no 'input'
 1 | layers: [{dense: 1}]
   | ^
hint: the shape of one input, for example input: {shape: [3, 224, 224]}
)");
  EXPECT_EQ(rendered("no_layers.yaml", R"(input: {shape: [3]}
)"),
            R"(no_layers.yaml:1:1: error: the architecture has no 'layers'
 1 | input: {shape: [3]}
   | ^
hint: the list of layers
)");
  EXPECT_EQ(rendered("no_shape.yaml", R"(input: {norm: 1}
layers: [{dense: 1}]
)"),
            R"(no_shape.yaml:1:8: error: input has no 'shape'
 1 | input: {norm: 1}
   |        ^
hint: for example shape: [3, 224, 224]
)");
  EXPECT_EQ(rendered("no_kernel.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4}
)"),
            R"(no_kernel.yaml:3:11: error: conv has no 'kernel'
 3 |   - conv: {filters: 4}
   |           ^
hint: size of a patch
)");
  EXPECT_EQ(rendered("no_filters.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {kernel: 4}
)"),
            R"(no_filters.yaml:3:11: error: conv has no 'filters'
 3 |   - conv: {kernel: 4}
   |           ^
hint: number of output channels
)");
  EXPECT_EQ(rendered("conv_scalar.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: 4
)"),
            R"(conv_scalar.yaml:3:5: error: conv has no 'filters'
 3 |   - conv: 4
   |     ^
hint: number of output channels
conv_scalar.yaml:3:5: error: conv has no 'kernel'
 3 |   - conv: 4
   |     ^
hint: size of a patch
)");
  EXPECT_EQ(rendered("dense_null.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense:
)"),
            R"(dense_null.yaml:3:5: error: dense has no 'units'
 3 |   - dense:
   |     ^
hint: number of outputs
)");
  EXPECT_EQ(rendered("dense_empty_map.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: {}
)"),
            R"(dense_empty_map.yaml:3:12: error: dense has no 'units'
 3 |   - dense: {}
   |            ^
hint: number of outputs
)");
  EXPECT_EQ(rendered("group_norm_none.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {conv: {filters: 4, kernel: 3}, then: [group_norm]}
)"),
            R"(group_norm_none.yaml:3:44: error: group_norm has no 'groups'
 3 |   - {conv: {filters: 4, kernel: 3}, then: [group_norm]}
   |                                            ^
hint: number of groups of channels
)");
  EXPECT_EQ(rendered("pool_none.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 4, then: [max_pool]}
)"),
            R"(pool_none.yaml:3:23: error: max_pool has no 'kernel'
 3 |   - {dense: 4, then: [max_pool]}
   |                       ^
hint: size of a patch
)");
  EXPECT_EQ(rendered("opaque.yaml", R"(input: {shape: [3]}
layers:
  - opaque: {lipschitz: 1}
)"),
            R"(opaque.yaml:3:13: error: opaque has no 'smoothness'
 3 |   - opaque: {lipschitz: 1}
   |             ^
hint: smoothness constant in (v; z)
)");
}

TEST(StructureMessage, WrongKinds) {
  EXPECT_EQ(rendered("input_list.yaml", R"(input: [3, 8, 8]
layers: [{dense: 1}]
)"),
            R"(input_list.yaml:1:8: error: input must be a mapping, not a list
 1 | input: [3, 8, 8]
   |        ^
hint: for example input: {shape: [3, 224, 224]}
)");
  EXPECT_EQ(rendered("input_null.yaml", R"(input:
layers: [{dense: 3}]
)"),
            R"(input_null.yaml:1:7: error: input must be a mapping, not nothing
 1 | input:
   |       ^
hint: for example input: {shape: [3, 224, 224]}
)");
  EXPECT_EQ(rendered("layers_map.yaml", R"(input: {shape: [3]}
layers: {dense: 1}
)"),
            R"(layers_map.yaml:2:9: error: layers must be a list, not a mapping
 2 | layers: {dense: 1}
   |         ^
hint: begin each layer with '- ' in YAML, or use [...]
)");
  EXPECT_EQ(rendered("layers_null.yaml", R"(input: {shape: [3]}
layers:
)"),
            R"(layers_null.yaml:2:8: error: layers must be a list, not nothing
 2 | layers:
   |        ^
hint: begin each layer with '- ' in YAML, or use [...]
)");
  EXPECT_EQ(rendered("layers_empty.yaml", R"(input: {shape: [3]}
layers: []
)"),
            R"(layers_empty.yaml:2:9: error: layers is empty
 2 | layers: []
   |         ^
hint: a network has at least one layer
)");
  EXPECT_EQ(rendered("head_map.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - softplus
)"),
            R"(head_map.yaml:3:5: error: a layer must be a mapping, not a single value
 3 |   - softplus
   |     ^
hint: for example {dense: 10, then: [softplus]}
)");
  EXPECT_EQ(rendered("null_layer.yaml", R"(input: {shape: [3]}
layers:
  -
)"),
            R"(null_layer.yaml:3:4: error: a layer must be a mapping, not nothing
 3 |   -
   |    ^
hint: for example {dense: 10, then: [softplus]}
)");
  EXPECT_EQ(rendered("loss4.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
loss: [square]
)"),
            R"(loss4.yaml:3:7: error: loss must be a name, or one name with its settings
 3 | loss: [square]
   |       ^
hint: for example loss: logistic, or loss: {square: {label_radius: 1}}
)");
  EXPECT_EQ(rendered("loss6.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
loss: {square: }
)"),
            R"(loss6.yaml:3:16: error: square must be a mapping, not nothing
 3 | loss: {square: }
   |                ^
hint: write loss: square
)");
}

TEST(StructureMessage, MisplacedComponents) {
  EXPECT_EQ(rendered("head_map2.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {softplus: 1}
)"),
            R"(head_map2.yaml:3:6: error: softplus does not begin a layer
 3 |   - {softplus: 1}
   |      ^
hint: write it in then: [softplus]
)");
  EXPECT_EQ(rendered("then_conv.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{conv: {filters: 1, kernel: 1}}]}
)"),
            R"(then_conv.yaml:3:24: error: conv does not belong in 'then'
 3 |   - {dense: 3, then: [{conv: {filters: 1, kernel: 1}}]}
   |                        ^
hint: give it an entry of its own in 'layers', as its key: conv: ...
)");
  EXPECT_EQ(
      rendered("two_heads.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, conv: {filters: 1, kernel: 1}}
)"),
      R"(two_heads.yaml:3:16: error: a layer has one affine part or merge; here are dense and conv
 3 |   - {dense: 3, conv: {filters: 1, kernel: 1}}
   |                ^
hint: make them two layers
)");
  EXPECT_EQ(rendered("softmax_value.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{softmax: 3}]}
)"),
            R"(softmax_value.yaml:3:33: error: axis must be a name, not 3
 3 |   - {dense: 3, then: [{softmax: 3}]}
   |                                 ^
hint: one of: channels, depth, height, width, length
)");
  EXPECT_EQ(rendered("bias_add.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 3}
  - {add: [a, a], bias: false}
)"),
            R"(bias_add.yaml:4:19: error: this layer has no bias
 4 |   - {add: [a, a], bias: false}
   |                   ^
hint: 'bias' belongs to dense, conv, conv_transposed or attention
)");
  EXPECT_EQ(rendered("empty_layer.yaml", R"(input: {shape: [3]}
layers:
  - {}
)"),
            R"(empty_layer.yaml:3:5: error: the layer is empty: it has no component
 3 |   - {}
   |     ^
hint: for example {dense: 10, then: [softplus]}
)");
}

TEST(StructureMessage, Then) {
  EXPECT_EQ(rendered("then_scalar.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: softplus}
)"),
            R"(then_scalar.yaml:3:22: error: then must be a list, not a single value
 3 |   - {dense: 3, then: softplus}
   |                      ^
hint: for example then: [softplus, {average_pool: 2}]
)");
  EXPECT_EQ(rendered("then_null.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: }
)"),
            R"(then_null.yaml:3:22: error: then must be a list, not nothing
 3 |   - {dense: 3, then: }
   |                      ^
hint: for example then: [softplus, {average_pool: 2}]
)");
  EXPECT_EQ(
      rendered("then_two.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [{softplus: 1, tanh: 1}]}
)"),
      R"(then_two.yaml:3:23: error: an item of 'then' is one component, by name or with its settings
 3 |   - {dense: 3, then: [{softplus: 1, tanh: 1}]}
   |                       ^
hint: for example then: [softplus, {average_pool: 2}]
)");
  EXPECT_EQ(
      rendered("then_list.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 3, then: [[softplus]]}
)"),
      R"(then_list.yaml:3:23: error: an item of 'then' is one component, by name or with its settings
 3 |   - {dense: 3, then: [[softplus]]}
   |                       ^
hint: for example then: [softplus, {average_pool: 2}]
)");
}

TEST(StructureMessage, Inputs) {
  EXPECT_EQ(rendered("add_one.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {add: [a]}
)"),
            R"(add_one.yaml:4:11: error: add needs a list of two or more layers
 4 |   - {add: [a]}
   |           ^
hint: for example add: [conv1, shortcut]
)");
  EXPECT_EQ(rendered("add_map.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {add: {a: 1}}
)"),
            R"(add_map.yaml:4:11: error: add has no 'inputs'
 4 |   - {add: {a: 1}}
   |           ^
hint: for example add: [conv1, shortcut]
add_map.yaml:4:12: error: unknown key 'a' in add
 4 |   - {add: {a: 1}}
   |            ^
hint: known keys: inputs
)");
  EXPECT_EQ(rendered("matmul_three.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {matmul: {inputs: [a, a, a], transpose: both}}
)"),
            R"(matmul_three.yaml:4:23: error: matmul needs a list of two layers
 4 |   - {matmul: {inputs: [a, a, a], transpose: both}}
   |                       ^
hint: for example matmul: [keys, queries]
matmul_three.yaml:4:45: error: unknown transpose 'both'
 4 |   - {matmul: {inputs: [a, a, a], transpose: both}}
   |                                             ^
hint: one of: none, first, second
)");
  EXPECT_EQ(rendered("concat_none.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {concat: []}
)"),
            R"(concat_none.yaml:3:14: error: concat needs a list of one or more layers
 3 |   - {concat: []}
   |              ^
hint: for example concat: [conv1, shortcut]
)");
  EXPECT_EQ(rendered("parameter_from.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {parameter: 4, from: a}
)"),
            R"(parameter_from.yaml:4:20: error: parameter reads nothing
 4 |   - {parameter: 4, from: a}
   |                    ^
hint: remove 'from'
)");
  EXPECT_EQ(rendered("add_from.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {add: [a, a], from: a}
)"),
            R"(add_from.yaml:4:19: error: add names its inputs itself
 4 |   - {add: [a, a], from: a}
   |                   ^
hint: remove 'from'
)");
  EXPECT_EQ(rendered("from_list.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {dense: 1, from: [a, a]}
)"),
            R"(from_list.yaml:4:22: error: from must be the name of one layer
 4 |   - {dense: 1, from: [a, a]}
   |                      ^
hint: to combine several, use add, concat, multiply, matmul
)");
}

}  // namespace
}  // namespace smoothbound
