package isthmus.peers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/**
 * Orders over HTTP: `/order?name=value` in, text out, 500 with the exception where one is thrown.
 */
final class Orders {
  interface Order {
    String obey(Map<String, String> given) throws Exception;
  }

  private final Map<String, Order> orders;

  private Orders(Map<String, Order> orders) {
    this.orders = orders;
  }

  /** Takes orders at a port of the loopback as long as the program runs. */
  static void take(int port, Map<String, Order> orders) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    HttpServer server = HttpServer.create(new InetSocketAddress(loopback, port), 0);
    server.createContext("/", new Orders(orders)::answer);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    int status = 200;
    String text;
    try {
      text = orders.get(exchange.getRequestURI().getPath().substring(1)).obey(given(exchange));
    } catch (Throwable thrown) {
      status = 500;
      text = thrown.toString();
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private static Map<String, String> given(HttpExchange exchange) {
    String query = exchange.getRequestURI().getRawQuery();
    if (query == null) return Map.of();
    return Arrays.stream(query.split("&"))
        .map(part -> part.split("=", 2))
        .filter(part -> part.length == 2)
        .collect(
            Collectors.toMap(
                part -> part[0], part -> URLDecoder.decode(part[1], StandardCharsets.UTF_8)));
  }
}
