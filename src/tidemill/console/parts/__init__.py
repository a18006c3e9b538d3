"""What pages are made of: the frame around them, tables, numbers, the graph, actions."""
