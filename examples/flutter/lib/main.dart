import 'dart:convert';
import 'package:firebase_auth/firebase_auth.dart';
import 'package:firebase_core/firebase_core.dart';
import 'package:flutter/material.dart';
import 'package:http/http.dart' as http;
import 'package:openai_dart/openai_dart.dart';
/// The user token: issued for the Firebase login, and renewed with itself before it expires.
class GuardKey implements AuthProvider {
  String? value;
  int expiresAt = 0, refreshableUntil = 0; // unix seconds
  @override // Synchronous, and called on each request: await [renew] first.
  Map<String, String> getHeaders() => {'Authorization': 'Bearer $value'};
  Future<void> renew() async {
    final now = DateTime.now().millisecondsSinceEpoch ~/ 1000;
    if (value != null && now < expiresAt - 60) return;
    final own = now < expiresAt && expiresAt < refreshableUntil ? value : null;
    final login = own ?? await FirebaseAuth.instance.currentUser?.getIdToken();
    final answer = await http.post(Uri.parse('https://api.my-app.com/token'), headers: {'Authorization': 'Bearer $login'});
    final json = jsonDecode(answer.body) as Map<String, dynamic>;
    if (answer.statusCode != 200) throw denied(answer.statusCode, json);
    value = json['value'] as String;
    (expiresAt, refreshableUntil) = (json['expires_at'] as int, json['refreshable_until'] as int);
  }
}
final key = GuardKey();
final client = OpenAIClient(config: OpenAIConfig(baseUrl: 'https://api.my-app.com/v1', authProvider: key));

/// The message for a denial. In a real app each would be its own screen.
String denied(int status, Map<String, dynamic>? body) {
  final error = body?['error'] as Map<String, dynamic>?;
  final resetsAt = error?['resets_at'] as int?; // unix seconds
  if (status == 401) key.value = null; // the next call starts from the login
  return switch (error?['code']) {
    'quota_exceeded' => 'More with Pro${resetsAt == null ? '' : ', or from ${DateTime.fromMillisecondsSinceEpoch(resetsAt * 1000)}'}.',
    'user_blocked' => 'This account is blocked. Please write to us.',
    'invalid_credential' || 'expired_credential' => 'Please log in again.',
    _ => 'Please try again later.',
  };
}

Stream<String> ask(String question) async* {
  await key.renew();
  var text = '', finished = false;
  try {
    final request = ChatCompletionCreateRequest(model: 'gpt-5-mini', messages: [ChatMessage.user(question)]);
    await for (final event in client.chat.completions.createStream(request)) {
      yield text += event.textDelta ?? '';
      finished = finished || event.firstChoice?.finishReason != null;
    }
  } on ApiException catch (error) {
    throw denied(error.statusCode, error.body);
  }
  if (!finished) throw 'The answer was cut off. Please ask again.';
}
Future<void> main() async {
  WidgetsFlutterBinding.ensureInitialized();
  await Firebase.initializeApp();
  final answer = StreamBuilder(stream: ask('Say hello.'), builder: (_, seen) => Text('${seen.error ?? seen.data ?? '…'}'));
  runApp(MaterialApp(home: Scaffold(body: Center(child: answer))));
}
