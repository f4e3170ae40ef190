package graph

// late moves every 1x1 convolution that only a SquaredDifference reads to just before it,
// where a machine may do both at once (the heads of a student, which are then never in
// memory). Nodes stay in an order in which each follows what it reads.
func late(nodes []*node, outputs []*Value) []*node {
	uses := usesOf(nodes, outputs)
	moved := map[*node]bool{}
	before := map[*node][]*node{}
	for _, n := range nodes {
		if _, is := n.rule.(*squaredDifference); !is {
			continue
		}
		for _, v := range n.in {
			if v.from != nil && uses[v] == 1 && isPointwise(v.from) && len(before[n]) == 0 {
				before[n] = []*node{v.from}
				moved[v.from] = true
			}
		}
	}
	var out []*node
	for _, n := range nodes {
		if !moved[n] {
			out = append(append(out, before[n]...), n)
		}
	}
	return out
}

func isPointwise(n *node) bool {
	c, is := n.rule.(*conv2d)
	return is && c.shape.R == 1 && c.shape.S == 1
}
